import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import type { WantedUpstream } from "../core/upstream/dyups_diff.ts";
import { forModule, MARKER, markerUpstream } from "../core/upstream/dyups_state.ts";
import type { Upstream } from "../core/upstream/model.ts";
import { parseStored } from "../core/upstream/stored.ts";
import { resolvedServers } from "./health/adopt.ts";
import { readPosition } from "./shared_state.ts";
import { readUpstream, readUpstreamNames } from "./shared_upstreams.ts";

/** What the module should have by what is published on this node. */
export interface Wanted {
  /** All of it is at least as new. */
  readonly revision: number;
  readonly upstreams: Lookup<WantedUpstream>;
  /** How many of them are an operator's. */
  readonly count: number;
  /** Tombstones. */
  readonly gone: readonly string[];
  /** Upstreams that cannot be sent, with the reason. */
  readonly problems: Lookup<string>;
  readonly definitions: Lookup<Upstream>;
  /** Everything in any definition that the module cannot be told, with the upstreams that have it. */
  readonly unknown: Lookup<string[]>;
}

export function readWanted(pause: Pause): Wanted {
  const upstreams: Lookup<WantedUpstream> = lookup();
  const problems: Lookup<string> = lookup();
  const definitions: Lookup<Upstream> = lookup();
  const unknown: Lookup<string[]> = lookup();
  const gone: string[] = [];
  const { revision } = readPosition();
  for (const name of readUpstreamNames()) {
    pause();
    const manifest = readUpstream(name);
    const parsed = manifest?.body === undefined ? undefined : parseStored(manifest.body, pause);
    if (manifest?.removed === true) {
      gone.push(name);
    } else if (parsed?.ok === true && parsed.value !== "removed") {
      definitions[name] = parsed.value;
      const made = forModule(parsed.value, resolvedServers(parsed.value, [], pause));
      if (made.ok) {
        upstreams[name] = { ...made.upstream, digest: ngx.md5(made.upstream.body) };
        for (const what of made.upstream.unknown) {
          unknown[what] ??= [];
          unknown[what].push(name);
        }
      } else {
        problems[name] = made.reason;
      }
    }
  }
  const count = Object.keys(upstreams).length;
  if (count > 0 && upstreams[MARKER] === undefined) {
    const marker = markerUpstream();
    upstreams[MARKER] = { ...marker, digest: ngx.md5(marker.body) };
  }
  return { revision, upstreams, count, gone, problems, definitions, unknown };
}
