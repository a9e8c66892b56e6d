import { manifestName, type Release } from "../render/release.ts";
import { bounded } from "./bounded.ts";
import { stepEmitter, type Emit } from "./events.ts";
import { inspect, type Reach } from "./load_balancer.ts";
import { differences, stateOf, type Difference, type LbState } from "./state.ts";

/** What is on a load balancer, held against what the inventory says should be. */
export type Drift =
  | { readonly kind: "none"; readonly host: string; readonly remarks: readonly string[] }
  | { readonly kind: "unreachable"; readonly host: string; readonly reason: string }
  | { readonly kind: "empty"; readonly host: string }
  | {
      readonly kind: "drifted";
      readonly host: string;
      /** Is it another release, whole or not, or the right one with files that were changed by hand? */
      readonly isOtherRelease: boolean;
      readonly files: readonly Difference[];
      readonly remarks: readonly string[];
    };

export function findDrift(reach: Reach, releases: readonly Release[], parallel: number, emit: Emit): Promise<Drift[]> {
  return bounded(releases, parallel, async (release): Promise<Drift> => {
    const host = release.hostname;
    emit({ kind: "started", host });
    emit({ kind: "step", host, step: "comparing" });
    const told = await inspect(reach, host, stepEmitter(host, emit));
    if (!told.ok) {
      emit({ kind: "failed", host, reason: told.refusal.reason });
      return { kind: "unreachable", host, reason: told.refusal.reason };
    }
    const drift = driftOf(stateOf(told.answer), release);
    emit({ kind: "done", host, outcome: drift.kind === "none" ? "unchanged" : "differs" });
    return drift;
  });
}

function driftOf(state: LbState, release: Release): Drift {
  const host = release.hostname;
  if (state.current === undefined) return { kind: "empty", host };
  const isOtherRelease = state.current !== release.digest;
  // The manifest of another release is another one; the files say more.
  const files = differences(state, release).filter(({ path }) => !isOtherRelease || path !== manifestName);
  const remarks = mainRemarks(state);
  if (!isOtherRelease && files.length === 0) return { kind: "none", host, remarks };
  return { kind: "drifted", host, isOtherRelease, files, remarks };
}

/** What the operator's own keepalived.conf does with the release; it is never changed by us once it is there. */
export function mainRemarks({ main }: LbState): string[] {
  switch (main) {
    case "included":
      return [];
    case "missing":
      return ["there is no keepalived.conf beside the releases"];
    case "link":
      return ["keepalived.conf is a link: its includes are looked for in another folder, and silently not found"];
    case "different":
      return ["keepalived.conf does not include the current release"];
  }
}
