import type { ConfigPath } from "../../config/problem.ts";
import { nearest } from "../../config/key_suggestions.ts";
import { checkPorts } from "./check_ports.ts";
import { hysteresisOf, quorumOf, realServerOf } from "./defaults.ts";
import type { ClusterDraft, VipDraft } from "./draft.ts";
import { addressNumber, addressPattern, contains, hasHostBits, isUnicast, networkText, parseNetwork, type Network } from "./ipv4.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

/** A vipnet larger than this is a slip: it would take every address of a company. */
const largestVipnet = 8;

/** Each vipnet by itself. */
export function checkVipnets(draft: ClusterDraft): InventoryProblem[] {
  return (draft.vipnets ?? []).flatMap((text, index) => {
    if (text === undefined) return [];
    const path = ["vipnets", index];
    const network = parseNetwork(text);
    if (hasHostBits(text)) return [problems.hostBits(path, text, networkText(network))];
    if (network.prefix < largestVipnet) return [problems.networkTooLarge(path, text, largestVipnet)];
    return isUnicast(network.first) ? [] : [problems.notUnicast(path, text)];
  });
}

/**
 * Each VIP by itself; that nobody else has it is for claims.ts.
 *
 * @param wstypes those that are registered; undefined where that is not known here, and then all are.
 */
export function checkVips(draft: ClusterDraft, wstypes: readonly string[] | undefined): InventoryProblem[] {
  const vipnets = (draft.vipnets ?? []).flatMap((text) => (text === undefined ? [] : parseNetwork(text)));
  const areKnown = draft.vipnets?.every((text) => text !== undefined) === true;
  const registered = wstypes === undefined ? undefined : new Set(wstypes);
  return (draft.vip2ws ?? []).flatMap((vip, index) => {
    if (vip === undefined) return [];
    const path = ["vip2ws", index];
    const found: InventoryProblem[] = [];
    const address = vip.vip;
    // A vipnet that was refused may be the one that is meant.
    if (address !== undefined && areKnown && !vipnets.some((network) => contains(network, addressNumber(address)))) {
      found.push(problems.vipOutside([...path, "vip"], address));
    }
    if (vip.wstype !== undefined && registered?.has(vip.wstype) === false) {
      found.push(problems.wstypeUnknown([...path, "wstype"], vip.wstype, nearest(vip.wstype, [...registered])));
    }
    found.push(...checkRealServers(vip, vipnets, path), ...checkPorts(vip, draft, path));
    return found;
  });
}

function checkRealServers(vip: VipDraft, vipnets: readonly Network[], path: ConfigPath): InventoryProblem[] {
  const found: InventoryProblem[] = [];
  const seen = new Set<string>();
  let weights: number | undefined = vip.wss === undefined ? undefined : 0;
  for (const [index, server] of (vip.wss ?? []).entries()) {
    const { name, weight } = realServerOf(server);
    if (weights !== undefined) weights = weight === undefined ? undefined : weights + weight;
    if (name === undefined) continue;
    const at = typeof server === "string" ? [...path, "wss", index] : [...path, "wss", index, "name"];
    const key = name.toLowerCase();
    if (seen.has(key)) found.push(problems.realServerTwice(at, name));
    seen.add(key);
    const around = addressPattern.test(name) ? vipnets.find((network) => contains(network, addressNumber(name))) : undefined;
    if (around !== undefined) found.push(problems.realServerIsVip(at, name, networkText(around)));
  }
  return [...found, ...checkQuorum(vip, weights, path)];
}

function checkQuorum(vip: VipDraft, weights: number | undefined, path: ConfigPath): InventoryProblem[] {
  const quorum = quorumOf(vip);
  const hysteresis = hysteresisOf(vip);
  if (quorum === undefined) return [];
  const found: InventoryProblem[] = [];
  if (weights !== undefined && quorum > weights) {
    found.push(problems.quorumTooHigh([...path, "quorum" in vip ? "quorum" : "wss"], quorum, weights));
  }
  if (hysteresis !== undefined && hysteresis >= quorum) {
    found.push(problems.hysteresisTooHigh([...path, "hysteresis" in vip ? "hysteresis" : "quorum"], hysteresis, quorum));
  }
  return found;
}
