import { shortened } from "../json/utf8.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { readServerAddress } from "./address.ts";
import { serverDefaults } from "./model.ts";
import type { Server } from "./model.ts";
import { countExpected, parseCount, parseSeconds, secondsExpected } from "./parse_values.ts";

export type ParsedServer =
  | { readonly ok: true; readonly server: Server }
  | { readonly ok: false; readonly reason: string };

export const MOST_WEIGHT = 65535;
export const MOST_COUNT = 999999999;

type Numbers = { -readonly [Field in "weight" | "maxFails" | "failTimeout" | "maxConns" | "slowStart"]: number };
type Flags = { -readonly [Field in "backup" | "down" | "drain" | "out"]: boolean };

interface NumberParameter {
  readonly field: keyof Numbers;
  readonly least: number;
  /** 0: a time in seconds. */
  readonly most: number;
}

const numberParameters: Lookup<NumberParameter> = lookup();
numberParameters["weight"] = { field: "weight", least: 1, most: MOST_WEIGHT };
numberParameters["max_fails"] = { field: "maxFails", least: 0, most: MOST_COUNT };
numberParameters["fail_timeout"] = { field: "failTimeout", least: 0, most: 0 };
numberParameters["max_conns"] = { field: "maxConns", least: 0, most: MOST_COUNT };
numberParameters["slow_start"] = { field: "slowStart", least: 0, most: 0 };

const flagParameters: Lookup<keyof Flags> = lookup();
flagParameters["backup"] = "backup";
flagParameters["down"] = "down";
flagParameters["drain"] = "drain";
flagParameters["out"] = "out";

const known = "weight, max_fails, fail_timeout, max_conns, slow_start, backup, down, drain, out";

function unknownParameter(word: string): string {
  const isStatement = word === "server" || word === "keepalive";
  const hint = isStatement ? "; is a ';' missing before it?" : "";
  return `unknown server parameter '${shortened(word, 60)}'${hint}; known: ${known}`;
}

/** One `name=value`; a reason where it cannot be taken. */
function takeNumber(word: string, numbers: Numbers): string | undefined {
  const equals = word.indexOf("=");
  const parameter = equals < 0 ? undefined : numberParameters[word.slice(0, equals)];
  if (parameter === undefined) {
    return unknownParameter(word);
  }
  const text = word.slice(equals + 1);
  const isTime = parameter.most === 0;
  const value = isTime ? parseSeconds(text) : parseCount(text, parameter.least, parameter.most);
  if (value < 0) {
    return `${shortened(word, 60)}: ${isTime ? secondsExpected : countExpected(parameter.least, parameter.most)}`;
  }
  numbers[parameter.field] = value;
  return undefined;
}

/**
 * @param words of a `server` statement, the directive among them. `resolve` is accepted and says nothing: names are
 * resolved again and again in any case.
 */
export function parseServer(words: readonly string[]): ParsedServer {
  if (words.length < 2) {
    return { ok: false, reason: "server: an address is expected (host:port, [IPv6]:port or unix:/path)" };
  }
  const address = readServerAddress(words[1]!);
  if (!address.ok) {
    return { ok: false, reason: `server: ${address.reason}` };
  }
  const { weight, maxFails, failTimeout, maxConns, slowStart } = serverDefaults;
  const numbers: Numbers = { weight, maxFails, failTimeout, maxConns, slowStart };
  const flags: Flags = { backup: false, down: false, drain: false, out: false };
  const seen: Lookup<boolean> = lookup();
  for (let i = 2; i < words.length; i++) {
    const word = words[i]!;
    const name = word.split("=")[0]!;
    if (seen[name] === true) {
      return { ok: false, reason: `server: ${shortened(name, 60)} stands twice` };
    }
    seen[name] = true;
    const flag = flagParameters[word];
    if (flag !== undefined) {
      flags[flag] = true;
    } else if (word !== "resolve") {
      const reason = takeNumber(word, numbers);
      if (reason !== undefined) {
        return { ok: false, reason };
      }
    }
  }
  return { ok: true, server: { address: address.address, ...numbers, ...flags } };
}
