import type { Pause } from "../core/result.ts";
import { dict } from "./platform.ts";
import { isOvertaken, readHostnames, readSeq } from "./shared_state.ts";
import { readUpstreamNames } from "./shared_upstreams.ts";

/** What has a manifest in the shared dict. */
export interface ManifestNames {
  readonly hostnames: readonly string[];
  readonly upstreams: readonly string[];
  /** Whether a leader was killed while it published: these are of a step, or of parts of it, that nobody has in force. */
  readonly isBrokenOff: boolean;
}

/** By the keys themselves. Locks the dict for milliseconds where there are tens of thousands of them. */
function searchedNames(pause: Pause): ManifestNames {
  const hostnames: string[] = [];
  const upstreams: string[] = [];
  for (const key of dict().get_keys(0)) {
    const kind = key.slice(0, 2);
    if (kind === "m:") {
      hostnames.push(key.slice(2));
    } else if (kind === "u:") {
      upstreams.push(key.slice(2));
    }
    pause();
  }
  return { hostnames, upstreams, isBrokenOff: true };
}

/** For a worker that begins to lead: nobody else publishes. */
export function manifestNames(pause: Pause): ManifestNames {
  if (isOvertaken(readSeq())) {
    // The lists of a step that was broken off may be there already, or not yet.
    return searchedNames(pause);
  }
  return { hostnames: readHostnames(), upstreams: readUpstreamNames(), isBrokenOff: false };
}
