import type { RulesPlace } from "../core/store/manifest.ts";
import { chunksOf, deleteBlob } from "./shared_rules.ts";
import { slowestSeq, STUCK_SECONDS } from "./shared_reports.ts";
import { readSeq } from "./shared_state.ts";

/** Rules that were replaced and lie in the shared dict until no worker can be reading them any more. */
export interface DiscardedRules {
  readonly add: (this: void, places: readonly RulesPlace[]) => void;
  readonly free: (this: void) => void;
}

interface Discarded {
  readonly place: RulesPlace;
  /** The step that replaced them. */
  readonly seq: number;
  readonly time: number;
}

export function discardedRules(): DiscardedRules {
  let waiting: Discarded[] = [];
  return {
    add: (places) => {
      for (const place of places) {
        waiting.push({ place, seq: readSeq(), time: ngx.now() });
      }
    },
    free: () => {
      if (waiting.length === 0) {
        return;
      }
      const slowest = slowestSeq();
      const kept: Discarded[] = [];
      for (const entry of waiting) {
        if (entry.seq <= slowest || ngx.now() - entry.time > STUCK_SECONDS) {
          deleteBlob(entry.place.blob, chunksOf(entry.place));
        } else {
          kept.push(entry);
        }
      }
      waiting = kept;
    },
  };
}
