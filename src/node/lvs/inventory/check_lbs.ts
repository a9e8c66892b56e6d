import type { ConfigPath } from "../../config/problem.ts";
import { checkAttachment, subnetOf } from "./attachment.ts";
import { lbKindOf } from "./defaults.ts";
import type { ClusterDraft, LbDraft } from "./draft.ts";
import { hasHostBits, networkText, parseNetwork } from "./ipv4.ts";
import { checkLocalAddresses } from "./local_addresses.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

const extraFields = ["extraip", "extranetmask", "extragateway"] as const;

/** Each load balancer by itself; what it must not share with others is for claims.ts. */
export function checkLbs(draft: ClusterDraft): InventoryProblem[] {
  return (draft.lbinfos ?? []).flatMap((lb, index) => (lb === undefined ? [] : checkLb(lb, draft, ["lbinfos", index])));
}

function checkLb(lb: LbDraft, draft: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const found = [...checkExtraFields(lb, draft, path), ...checkAttachment(lb, "internal", path)];
  if (draft.type === "extra") found.push(...checkAttachment(lb, "extra", path));
  found.push(...checkOspfnet(lb, draft, path), ...checkRouterid(lb, draft, path));
  const kind = lbKindOf(draft);
  if (kind === "FNAT") found.push(...checkLocalAddresses(lb, path));
  else if (kind !== undefined && "local_addresses" in lb) {
    found.push(problems.localUnsupported([...path, "local_addresses"], kind));
  }
  return found;
}

function checkExtraFields(lb: LbDraft, { type }: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  if (type === undefined) return [];
  const wrong = extraFields.filter((field) => (field in lb) !== (type === "extra"));
  return wrong.map((field) => (type === "extra" ? problems.extraMissing : problems.extraUnused)([...path, field]));
}

function checkOspfnet(lb: LbDraft, { type }: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const { ospfnet } = lb;
  if (ospfnet === undefined) return [];
  const at = [...path, "ospfnet"];
  if (hasHostBits(ospfnet)) return [problems.hostBits(at, ospfnet, networkText(parseNetwork(ospfnet)))];
  const side = type === "extra" ? "extra" : "internal";
  const subnet = type === undefined ? undefined : subnetOf(lb, side);
  if (subnet === undefined || networkText(subnet) === ospfnet) return [];
  return [problems.ospfnetDiffers(at, ospfnet, networkText(subnet), side)];
}

function checkRouterid(lb: LbDraft, { type }: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const { routerid, internalip, extraip } = lb;
  const isExtraKnown = type === "internal" || extraip !== undefined;
  // An address that was refused may well be the one that is meant.
  if (routerid === undefined || internalip === undefined || !isExtraKnown) return [];
  const own = type === "extra" ? [internalip, extraip] : [internalip];
  return own.includes(routerid) ? [] : [problems.routeridForeign([...path, "routerid"], routerid)];
}
