import { parameterInvalid } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { parseServerAddress } from "../upstream/address.ts";
import type { PeerTarget } from "../upstream/edit_peers.ts";
import type { ServerFields } from "../upstream/edit_servers.ts";
import { checkUpstreamName } from "../upstream/name.ts";
import { countExpected, parseCount, parseSeconds, secondsExpected } from "../upstream/parse_values.ts";
import { MOST_COUNT, MOST_WEIGHT } from "../upstream/parse_server.ts";
import type { Parameters } from "./parameters.ts";

/** A parameter's value; one that is there without a value is as good as not there. */
export function given(parameters: Parameters, name: string): string | undefined {
  const value = parameters[name];
  return value === "" ? undefined : value;
}

const missing = "it is missing";

/** The upstream that an action is about. */
export function upstreamName(parameters: Parameters): Result<string> {
  const name = given(parameters, "upstream");
  return name === undefined ? failure(parameterInvalid("upstream", missing)) : checkUpstreamName(name);
}

/** A server's address from `ip` and `port`: `10.0.0.1`, `2001:db8::1` with or without brackets, a name; or `unix:/path` alone. */
export function serverAddress(parameters: Parameters): Result<string> {
  const ip = given(parameters, "ip");
  const port = given(parameters, "port");
  if (ip === undefined) {
    return failure(parameterInvalid("ip", missing));
  }
  const isSocket = ip.startsWith("unix:");
  if (isSocket && port !== undefined) {
    return failure(parameterInvalid("port", "a unix socket has none"));
  }
  if (!isSocket && (port === undefined || parseCount(port, 1, 65535) < 0)) {
    return failure(parameterInvalid("port", port === undefined ? missing : countExpected(1, 65535)));
  }
  const isBareIpv6 = !isSocket && !ip.startsWith("[") && ip.indexOf(":") >= 0;
  const address = parseServerAddress(isSocket ? ip : `${isBareIpv6 ? `[${ip}]` : ip}:${port ?? ""}`);
  return address.ok ? address : failure(parameterInvalid("ip", address.error.desc));
}

function isTrue(text: string): boolean | undefined {
  if (text === "true" || text === "1") {
    return true;
  }
  return text === "false" || text === "0" ? false : undefined;
}

const flagExpected = "true or false is expected";

/** @param otherwise what counts where the parameter is missing. */
export function flag(parameters: Parameters, name: string, otherwise: boolean): Result<boolean> {
  const text = given(parameters, name);
  const value = text === undefined ? otherwise : isTrue(text);
  return value === undefined ? failure(parameterInvalid(name, flagExpected)) : success(value);
}

/** The peer that an action is about: `id` and `backup`, or `ip` and `port`. */
export function peerTarget(parameters: Parameters): Result<PeerTarget> {
  const text = given(parameters, "id");
  if (text === undefined) {
    if (given(parameters, "ip") === undefined) {
      return failure(parameterInvalid("id", "it is missing; id and backup, or ip and port, are expected"));
    }
    const address = serverAddress(parameters);
    return address.ok ? success({ kind: "address", address: address.value }) : address;
  }
  if (given(parameters, "ip") !== undefined) {
    return failure(parameterInvalid("id", "id and ip do not go together: either may name the peer"));
  }
  const id = parseCount(text, 0, MOST_COUNT);
  if (id < 0) {
    return failure(parameterInvalid("id", "a number from 0 is expected: the peer's place in the peer list"));
  }
  const backup = flag(parameters, "backup", false);
  return backup.ok ? success({ kind: "id", id, backup: backup.value }) : backup;
}

type MutableFields = { -readonly [Field in keyof ServerFields]: ServerFields[Field] };
/** Takes a text over into the fields; what is expected instead where it cannot be. */
type Take = (this: void, fields: MutableFields, text: string) => string | undefined;

function counter(field: "weight" | "maxFails" | "maxConns", least: number, most: number): Take {
  return (fields, text) => {
    const value = parseCount(text, least, most);
    fields[field] = value;
    return value < 0 ? countExpected(least, most) : undefined;
  };
}

function seconds(field: "failTimeout" | "slowStart"): Take {
  return (fields, text) => {
    const value = parseSeconds(text);
    fields[field] = value;
    return value < 0 ? secondsExpected : undefined;
  };
}

function switched(field: "backup" | "down" | "drain"): Take {
  return (fields, text) => {
    const value = isTrue(text);
    fields[field] = value === true;
    return value === undefined ? flagExpected : undefined;
  };
}

const takes: Lookup<Take> = lookup();
takes["weight"] = counter("weight", 1, MOST_WEIGHT);
takes["max_fails"] = counter("maxFails", 0, MOST_COUNT);
takes["fail_timeout"] = seconds("failTimeout");
takes["max_conns"] = counter("maxConns", 0, MOST_COUNT);
takes["slow_start"] = seconds("slowStart");
takes["backup"] = switched("backup");
takes["down"] = switched("down");
takes["drain"] = switched("drain");

/** `add_server` of the deployed clients writes its parameters in one word. */
const inOneWord: Lookup<string> = lookup();
inOneWord["max_fails"] = "maxfails";
inOneWord["fail_timeout"] = "failtimeout";
inOneWord["max_conns"] = "maxconns";
inOneWord["slow_start"] = "slowstart";

/** One field of a server from the text of the parameter `parameter`. */
export function serverField(field: string, parameter: string, text: string): Result<ServerFields> {
  const fields: MutableFields = {};
  const expected = takes[field]!(fields, text);
  return expected === undefined ? success(fields) : failure(parameterInvalid(parameter, expected));
}

/** Those of the fields that the parameters say something of. */
export function serverFields(parameters: Parameters, names: readonly string[]): Result<ServerFields> {
  let fields: ServerFields = {};
  for (const name of names) {
    const other = inOneWord[name] ?? name;
    const isOther = given(parameters, name) === undefined;
    const text = given(parameters, isOther ? other : name);
    if (text !== undefined) {
      const one = serverField(name, isOther ? other : name, text);
      if (!one.ok) {
        return one;
      }
      fields = { ...fields, ...one.value };
    }
  }
  return success(fields);
}
