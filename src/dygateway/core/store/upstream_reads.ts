import { storeRefused } from "../errors.ts";
import { lookup, sortedKeys, textSet } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { upstreamBroken, upstreamUnknown } from "../upstream/edit_errors.ts";
import type { Upstream } from "../upstream/model.ts";
import { foldedName } from "../upstream/name.ts";
import { parseConfBody, parseUpstreamBody } from "../upstream/parse.ts";
import { removedBody } from "../upstream/stored.ts";
import { isError, listReply, textReply } from "./command.ts";
import type { StoreWork } from "./command.ts";
import { countCommand, readPairs } from "./divdata.ts";
import type { Keys } from "./keys.ts";
import { texts } from "./names.ts";

/** Upstreams that a node knows without the store: those of its upstream.conf, or of its configuration. */
export interface StaticUpstreams {
  readonly names: (this: void) => readonly string[];
  /** What stands between the braces; undefined where there is none of that name. */
  readonly body: (this: void, name: string) => string | undefined;
}

/** An upstream as it is defined somewhere. */
export interface FoundUpstream {
  readonly name: string;
  /** `redis`: a dynamic one, the same on every node. `upstream.conf`: this node's own. */
  readonly source: "redis" | "upstream.conf";
  readonly body: string;
}

const NAMES_A_STEP = 500;

/** The definition that counts for a name; undefined where there is none. */
export function* findUpstream(keys: Keys, statics: StaticUpstreams, name: string): StoreWork<Result<FoundUpstream | undefined>> {
  const [reply] = yield [["HGET", keys.upstreams, name]];
  if (isError(reply)) {
    return failure(storeRefused(`${keys.upstreams}: ${reply.message}`));
  }
  const stored = textReply(reply);
  const body = stored ?? statics.body(name);
  if (body === undefined || body === removedBody) {
    return success(undefined);
  }
  return success({ name, source: stored === undefined ? "upstream.conf" : "redis", body });
}

/** The same for an upstream that has to be there. */
export function* readUpstream(keys: Keys, statics: StaticUpstreams, name: string): StoreWork<Result<FoundUpstream>> {
  const found = yield* findUpstream(keys, statics, name);
  if (!found.ok) {
    return found;
  }
  return found.value === undefined ? failure(upstreamUnknown(name)) : success(found.value);
}

/** What a found definition says; one that cannot be read is an error that names it. */
export function readDefinition(found: FoundUpstream, pause: Pause): Result<Upstream> {
  const parsed = found.source === "redis" ? parseUpstreamBody(found.body, pause) : parseConfBody(found.body, pause);
  return parsed.ok ? parsed : failure(upstreamBroken(found.name, parsed.error.desc));
}

/** Every upstream that there is, sorted by name. */
export function* listUpstreams(keys: Keys, statics: StaticUpstreams): StoreWork<Result<FoundUpstream[]>> {
  const stored: Lookup<string> = lookup();
  const [count] = yield [countCommand(keys.upstreams, "hash")];
  const read = yield* readPairs(keys.upstreams, "hash", count, (name, body) => {
    stored[name] = body;
  });
  return read.ok ? success(mergeUpstreams(stored, statics)) : failure(storeRefused(read.error.desc));
}

/** What is left of a node's own upstreams beside those of the store, and the latter; sorted by name. */
export function mergeUpstreams(stored: Lookup<string>, statics: StaticUpstreams): FoundUpstream[] {
  const all: Lookup<FoundUpstream> = lookup();
  for (const name of statics.names()) {
    all[name] = { name, source: "upstream.conf", body: statics.body(name) ?? "" };
  }
  for (const name of Object.keys(stored)) {
    all[name] = { name, source: "redis", body: stored[name]! };
  }
  return sortedKeys(all)
    .map((name) => all[name]!)
    .filter((found) => found.body !== removedBody);
}

/** Those of the names that upstreams have, exactly so. */
function* existing(keys: Keys, statics: StaticUpstreams, names: readonly string[]): StoreWork<Result<string[]>> {
  const found: string[] = [];
  for (let start = 0; start < names.length; start += NAMES_A_STEP) {
    const page = names.slice(start, start + NAMES_A_STEP);
    const [reply] = yield [["HMGET", keys.upstreams, ...page]];
    if (isError(reply)) {
      return failure(storeRefused(`${keys.upstreams}: ${reply.message}`));
    }
    const bodies = listReply(reply);
    for (let i = 0; i < page.length; i++) {
      const body = textReply(bodies[i]) ?? statics.body(page[i]!);
      if (body !== undefined && body !== removedBody) {
        found.push(page[i]!);
      }
    }
  }
  return success(found);
}

/** Upstreams whose names are these, apart from case: nginx takes such names for one. */
export function* upstreamsLike(keys: Keys, statics: StaticUpstreams, names: readonly string[]): StoreWork<Result<string[]>> {
  const wanted = textSet([names.map((name) => foldedName(name))]);
  const [reply] = yield [["HKEYS", keys.upstreams]];
  if (isError(reply)) {
    return failure(storeRefused(`${keys.upstreams}: ${reply.message}`));
  }
  const all = textSet([texts(reply), statics.names()]);
  return yield* existing(keys, statics, sortedKeys(all).filter((name) => wanted[foldedName(name)] === true));
}

/** Those of the names that no upstream has, in whatever case. */
export function* missingUpstreams(keys: Keys, statics: StaticUpstreams, names: readonly string[]): StoreWork<Result<string[]>> {
  const exact = yield* existing(keys, statics, names);
  if (!exact.ok) {
    return exact;
  }
  const known = textSet([exact.value]);
  const rest = names.filter((name) => known[name] !== true);
  if (rest.length === 0) {
    return success(rest);
  }
  const like = yield* upstreamsLike(keys, statics, rest);
  if (!like.ok) {
    return like;
  }
  const folded = textSet([like.value.map((name) => foldedName(name))]);
  return success(rest.filter((name) => folded[foldedName(name)] !== true));
}
