import type { ClusterDraft } from "./draft.ts";
import { dialectFacts } from "./dialects.ts";
import { dialectOf, lbKindOf, ospfTimersOf, schedulerOf } from "./defaults.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

/** What concerns the cluster as a whole: the dialect and what it can do, and OSPF. */
export function checkCluster(draft: ClusterDraft): InventoryProblem[] {
  return [...checkDialect(draft), ...checkOspf(draft)];
}

function checkDialect(draft: ClusterDraft): InventoryProblem[] {
  const dialect = dialectOf(draft);
  if (dialect === undefined) return [];
  const { lbKinds, schedulers } = dialectFacts[dialect];
  const kind = lbKindOf(draft);
  const scheduler = schedulerOf(draft);
  const found: InventoryProblem[] = [];
  if (kind !== undefined && !lbKinds.includes(kind)) found.push(problems.kindUnsupported(["lb_kind"], kind, dialect, lbKinds));
  if (scheduler !== undefined && !schedulers.includes(scheduler)) {
    found.push(problems.schedulerUnknown(["scheduler"], scheduler, dialect, schedulers));
  }
  return found;
}

function checkOspf({ ospf }: ClusterDraft): InventoryProblem[] {
  if (ospf === undefined) return [];
  const found: InventoryProblem[] = [];
  const { hello, dead } = ospfTimersOf(ospf);
  if (hello !== undefined && dead !== undefined && dead <= hello) {
    found.push(problems.deadTooShort(["ospf", "dead" in ospf ? "dead" : "hello"], dead, hello));
  }
  const source = ospf.key_from;
  if (source !== undefined && ("env" in source) === ("file" in source)) found.push(problems.keySourceCount(["ospf", "key_from"]));
  return found;
}

/** What is possible and yet worth a thought. */
export function warningsOf(draft: ClusterDraft): InventoryProblem[] {
  const found: InventoryProblem[] = [];
  const lbs = draft.lbinfos?.length;
  if (lbs === 0) found.push(problems.noLb(["lbinfos"]));
  if (lbs === 1) found.push(problems.singleLb(["lbinfos"]));
  if (draft.vip2ws?.length === 0) found.push(problems.noVip(["vip2ws"]));
  const isKeyless = draft.ospf === undefined ? !("ospf" in draft) : !("key_from" in draft.ospf);
  if (isKeyless) found.push(problems.noOspfKey(["ospf"]));
  return found;
}
