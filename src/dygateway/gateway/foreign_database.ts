import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Command } from "../core/store/command.ts";
import type { Storage } from "../core/diversion/diversion_type.ts";
import { ngxNull } from "./platform.ts";

/** What a third-party module takes for its Redis connection: commands are methods on it. */
export type ForeignDatabase = Record<string, unknown>;

/** A policy's rules in this worker's memory, in the order in which they are stored. */
export interface LocalRules {
  readonly storage: Storage;
  readonly firsts: string[];
  readonly seconds: string[];
}

/** Takes down what a module writes, so that it becomes part of one transaction instead of many writes of its own. */
export function recordingDatabase(): { readonly database: ForeignDatabase; readonly commands: Command[] } {
  const commands: Command[] = [];
  const database = setmetatable({}, {
    // The table itself is `this`: LuaMetatable declares it, and it must not be named here once more.
    __index: (name: string) => {
      if (name === "init_pipeline" || name === "multi") {
        return () => true;
      }
      if (name === "commit_pipeline" || name === "exec") {
        return () => ({});
      }
      return (...parameters: unknown[]) => {
        const command: Command = [string.upper(name)];
        // The first parameter is the database itself: modules call with a colon.
        for (let i = 1; i < parameters.length; i++) {
          command.push(tostring(parameters[i]));
        }
        commands.push(command);
        return 1;
      };
    },
  } as LuaMetatable<ForeignDatabase>);
  return { database, commands };
}

type Read = (this: void, ...parameters: unknown[]) => unknown;

/** The bound of ZRANGEBYSCORE: a number, `(` for an exclusive one, `-inf`, `+inf`. */
function scoreBound(value: unknown): { readonly bound: number; readonly exclusive: boolean } {
  const text = tostring(value);
  const exclusive = text.charAt(0) === "(";
  const number = exclusive ? text.slice(1) : text;
  if (number === "+inf" || number === "inf") {
    return { bound: math.huge, exclusive };
  }
  return { bound: number === "-inf" ? -math.huge : (tonumber(number) ?? 0), exclusive };
}

function zrangebyscore(rules: LocalRules, parameters: readonly unknown[]): unknown[] {
  const low = scoreBound(parameters[0]);
  const high = scoreBound(parameters[1]);
  let withScores = false;
  let offset = 0;
  let most = -1;
  for (let i = 2; i < parameters.length; i++) {
    const option = tostring(parameters[i]).toLowerCase();
    if (option === "withscores") {
      withScores = true;
    } else if (option === "limit") {
      offset = tonumber(parameters[i + 1]) ?? 0;
      most = tonumber(parameters[i + 2]) ?? -1;
      i += 2;
    }
  }
  const found: unknown[] = [];
  let seen = 0;
  for (let i = 0; i < rules.firsts.length && (most < 0 || seen < offset + most); i++) {
    const score = tonumber(rules.seconds[i]) ?? 0;
    const aboveLow = low.exclusive ? score > low.bound : score >= low.bound;
    const belowHigh = high.exclusive ? score < high.bound : score <= high.bound;
    if (aboveLow && belowHigh) {
      seen++;
      if (seen > offset) {
        found.push(rules.firsts[i]);
        if (withScores) {
          found.push(rules.seconds[i]);
        }
      }
    }
  }
  return found;
}

/** Redis's inclusive, possibly negative positions as a half-open range of 0-based ones. */
function positions(start: unknown, stop: unknown, size: number): { readonly from: number; readonly to: number } {
  const first = tonumber(start) ?? 0;
  const last = tonumber(stop) ?? -1;
  return { from: first < 0 ? Math.max(size + first, 0) : first, to: Math.min(last < 0 ? size + last : last, size - 1) + 1 };
}

function interleave(rules: LocalRules, from: number, to: number, withSeconds: boolean): unknown[] {
  const found: unknown[] = [];
  for (let i = from; i < to; i++) {
    found.push(rules.firsts[i]);
    if (withSeconds) {
      found.push(rules.seconds[i]);
    }
  }
  return found;
}

/** The read commands that a policy of each storage answers, from memory. */
function reads(rules: LocalRules): Lookup<Read> {
  const { firsts, seconds, storage } = rules;
  const size = firsts.length;
  const index: Lookup<string> = lookup();
  for (let i = 0; i < size; i++) {
    index[firsts[i]!] = seconds[i]!;
  }
  const value = (name: unknown): unknown => index[tostring(name)] ?? ngxNull;
  const table: Lookup<Read> = lookup();
  if (storage === "hash") {
    table["hget"] = (name) => value(name);
    table["hmget"] = (...names) => names.map((name) => value(name));
    table["hexists"] = (name) => (index[tostring(name)] === undefined ? 0 : 1);
    table["hgetall"] = () => interleave(rules, 0, size, true);
    table["hkeys"] = () => firsts;
    table["hvals"] = () => seconds;
    table["hlen"] = () => size;
  } else if (storage === "zset") {
    table["zscore"] = (name) => value(name);
    table["zcard"] = () => size;
    table["zrangebyscore"] = (...parameters) => zrangebyscore(rules, parameters);
    table["zrange"] = (start, stop, option) => {
      const { from, to } = positions(start, stop, size);
      return interleave(rules, from, to, option !== undefined);
    };
  } else {
    const items = interleave(rules, 0, size, true);
    table["llen"] = () => items.length;
    table["lindex"] = (at) => items[positions(at, at, items.length).from] ?? ngxNull;
    table["lrange"] = (start, stop) => {
      const { from, to } = positions(start, stop, items.length);
      return items.slice(from, to);
    };
  }
  table["exists"] = () => 1;
  table["type"] = () => storage;
  return table;
}

/**
 * The database that a module's `getUpstream` sees: its own policy, in memory. A request never waits for Redis, also
 * not where a module was written to ask it.
 *
 * @throws, in the call, for another key and for commands that a policy of this storage has no answer to.
 */
export function localDatabase(key: string, rules: LocalRules): ForeignDatabase {
  const commands = reads(rules);
  return setmetatable({}, {
    __index: (name: string) => {
      const command = commands[name.toLowerCase()];
      return (_database: unknown, asked: unknown, ...parameters: unknown[]) => {
        if (command === undefined) {
          throw new Error(`database:${name}() is not there in a request: only reads of a ${rules.storage} are`);
        }
        if (asked !== key) {
          throw new Error(`database:${name}('${tostring(asked)}'): only the policy's own key, ${key}, is there in a request`);
        }
        return command(...parameters);
      };
    },
  } as LuaMetatable<ForeignDatabase>);
}
