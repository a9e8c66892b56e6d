import { textSet } from "../core/lookup.ts";
import { success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import { looksLikeLoss } from "../core/store/follow.ts";
import type { Followed, Position } from "../core/store/follow.ts";
import type { Keys } from "../core/store/keys.ts";
import { listHostnames } from "../core/store/runtime_reads.ts";
import type { Seen } from "./changes_seen.ts";
import { discardedRules } from "./discarded_rules.ts";
import { createLoader, hostnamesAfter } from "./loader.ts";
import { logErrorSometimes } from "./log.ts";
import { manifestNames } from "./manifest_names.ts";
import { runResult } from "./redis.ts";
import type { Connection } from "./redis.ts";
import { publish, readPosition } from "./shared_state.ts";
import type { PublishedRuntime } from "./shared_state.ts";
import { writeUpstreamsProblem } from "./shared_upstreams.ts";
import type { PublishedUpstream } from "./shared_upstreams.ts";
import { createUpstreamLoader, upstreamNamesAfter } from "./upstream_loader.ts";

/** What became of a look at the store: why nothing of it may be taken over, or "". */
export type Loss = string;

/** Takes over into the shared dict what the store holds. The leading worker's. */
export interface Taker {
  /**
   * Reads what was seen to change and what the store says happened, and publishes it as one step.
   * @param what `upstreams`: all of them are to be looked at.
   * @param accepted an operator has accepted that the store lost data.
   */
  readonly takeOver: (
    this: void,
    live: Connection,
    what: Seen,
    followed: Followed,
    accepted: boolean,
  ) => Result<Loss>;
  /** Frees what was replaced and is not being read any more. */
  readonly free: (this: void) => void;
}

interface Loaded {
  readonly runtimes: readonly PublishedRuntime[];
  readonly upstreams: readonly PublishedUpstream[];
}

/** Those that went away, and by no change on record. */
function vanished<T extends { readonly manifest: string | undefined }>(
  changed: readonly T[],
  nameOf: (this: void, item: T) => string,
  audited: readonly string[],
): number {
  return changed.filter((item) => item.manifest === undefined && !audited.includes(nameOf(item))).length;
}

/**
 * @param renew makes sure that this worker still leads. @param changed is called when a step was published.
 */
export function createTaker(keys: Keys, pause: Pause, renew: (this: void) => void, changed: (this: void) => void): Taker {
  const published = manifestNames(pause);
  /** Until there is a whole step after the one that was broken off, even one that changes nothing. */
  let { isBrokenOff } = published;
  const loader = createLoader(keys, published.hostnames, pause);
  const upstreamLoader = createUpstreamLoader(keys, published.upstreams, pause);
  const discarded = discardedRules();

  function publishStep({ runtimes, upstreams }: Loaded, position: Position): void {
    const known = readPosition();
    const nothing = runtimes.length === 0 && upstreams.length === 0;
    if (nothing && !isBrokenOff && known.seq > 0 && known.revision === position.revision) {
      return;
    }
    // What was read while another worker took over may be older than what that one has published.
    renew();
    const step = {
      runtimes,
      hostnames: hostnamesAfter(loader.hostnames(), runtimes) ?? (isBrokenOff ? loader.hostnames() : undefined),
      upstreams,
      upstreamNames:
        upstreamNamesAfter(upstreamLoader.names(), upstreams) ?? (isBrokenOff ? upstreamLoader.names() : undefined),
    };
    publish(step, position);
    isBrokenOff = false;
    discarded.add(loader.published(runtimes));
    upstreamLoader.published(upstreams);
    changed();
  }

  /** Which hostnames must be read. */
  function hostnames(live: Connection, what: Seen, { following }: Followed): Result<readonly string[]> {
    if (what.everything || following.kind === "reload" || following.kind === "lost") {
      loader.forget(undefined);
      const stored = runResult(live, listHostnames(keys));
      if (!stored.ok) {
        return stored;
      }
      return success(Object.keys(textSet([stored.value, loader.hostnames()])));
    }
    const changes = following.kind === "changes" ? following : { hostnames: [], policyIds: [] };
    const policyIds = Object.keys(textSet([what.policyIds, changes.policyIds]));
    const divDataKeys = policyIds.map((id) => keys.divdata(id));
    loader.forget(divDataKeys);
    return success(Object.keys(textSet([what.hostnames, changes.hostnames, loader.users(divDataKeys)])));
  }

  /** Which upstreams must be read; undefined for all. */
  function upstreamNames(what: Seen, { following }: Followed): string[] | undefined {
    if (what.everything || what.upstreams || following.kind === "reload" || following.kind === "lost") {
      return undefined;
    }
    return following.kind === "changes" ? Object.keys(textSet([following.upstreams])) : [];
  }

  function load(live: Connection, what: Seen, followed: Followed): Result<Loaded> {
    const wanted = hostnames(live, what, followed);
    if (!wanted.ok) {
      return wanted;
    }
    // Work that has nothing to do is not begun: nginx keeps a record of each coroutine until this worker leads anew.
    const runtimes = wanted.value.length === 0 ? success([]) : runResult(live, loader.load(wanted.value));
    if (!runtimes.ok) {
      return runtimes;
    }
    const names = upstreamNames(what, followed);
    const upstreams = names?.length === 0 ? success([]) : runResult(live, upstreamLoader.load(names));
    if (!upstreams.ok) {
      return upstreams;
    }
    return success({ runtimes: runtimes.value, upstreams: upstreams.value });
  }

  function reportProblem(): void {
    const problem = upstreamLoader.problem();
    writeUpstreamsProblem(problem);
    if (problem !== "") {
      logErrorSometimes("upstreams", `the upstreams in Redis cannot be read, those in force stay: ${problem}`);
    }
  }

  function lossOf({ runtimes, upstreams }: Loaded, { following }: Followed): Loss {
    const audited = following.kind === "changes" ? following : { hostnames: [], upstreams: [] };
    const lists = [
      ["runtimes", loader.hostnames().length, vanished(runtimes, (runtime) => runtime.hostname, audited.hostnames)],
      ["upstreams", upstreamLoader.names().length, vanished(upstreams, (upstream) => upstream.name, audited.upstreams)],
    ] as const;
    const lost = lists.find(([, before, removed]) => looksLikeLoss(before, removed));
    return lost === undefined ? "" : `${lost[2]} of ${lost[1]} ${lost[0]} went away without a change on record`;
  }

  return {
    takeOver: (live, what, followed, accepted) => {
      const loaded = load(live, what, followed);
      if (!loaded.ok) {
        return loaded;
      }
      reportProblem();
      const loss = accepted ? "" : lossOf(loaded.value, followed);
      if (loss === "") {
        publishStep(loaded.value, followed.position);
      }
      return success(loss);
    },
    free: discarded.free,
  };
}
