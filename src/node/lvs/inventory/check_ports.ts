import type { ConfigPath } from "../../config/problem.ts";
import { checkKindOf, dialectOf, lbKindOf, synproxyOf } from "./defaults.ts";
import { dialectFacts } from "./dialects.ts";
import type { CheckDraft, ClusterDraft, PortDraft, VipDraft } from "./draft.ts";
import type { InventoryProblem } from "./problem.ts";
import * as problems from "./problems.ts";

/** The ports of a VIP, and that the cluster's dialect and kind can do what they ask for. */
export function checkPorts(vip: VipDraft, draft: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const seen = new Set<number>();
  return (vip.ports ?? []).flatMap((port, index) => {
    if (port === undefined) return [];
    const at = [...path, "ports", index];
    const found: InventoryProblem[] = [];
    if (port.sport !== undefined) {
      if (seen.has(port.sport)) found.push(problems.sportTwice([...at, "sport"], port.sport));
      seen.add(port.sport);
    }
    found.push(...checkAgainstKind(port, draft, at), ...checkAgainstDialect(port, draft, at));
    if (port.check !== undefined) found.push(...checkHealthCheck(port.check, [...at, "check"]));
    return found;
  });
}

function checkAgainstKind({ sport, dport }: PortDraft, draft: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const kind = lbKindOf(draft);
  if ((kind !== "DR" && kind !== "TUN") || sport === undefined || dport === undefined || sport === dport) return [];
  return [problems.portNotTranslated([...path, "dport"], sport, kind)];
}

function checkAgainstDialect(port: PortDraft, draft: ClusterDraft, path: ConfigPath): InventoryProblem[] {
  const dialect = dialectOf(draft);
  if (dialect === undefined) return [];
  const facts = dialectFacts[dialect];
  const found: InventoryProblem[] = [];
  if (!facts.synproxy && synproxyOf(port) === 1) found.push(problems.synproxyUnsupported([...path, "synproxy"], dialect));
  if (!facts.establishedTimeout && "established_timeout" in port) {
    found.push(problems.timeoutUnsupported([...path, "established_timeout"], dialect));
  }
  const { check } = port;
  if (check !== undefined && !facts.tcpRetries && checkKindOf(check) === "tcp") {
    const retries = (["retry", "delay_before_retry"] as const).filter((field) => field in check);
    found.push(...retries.map((field) => problems.retryUnsupported([...path, "check", field], dialect)));
  }
  return found;
}

function checkHealthCheck(check: CheckDraft, path: ConfigPath): InventoryProblem[] {
  const kind = checkKindOf(check);
  if (kind === "tcp") {
    const foreign = (["path", "host", "status", "digest"] as const).filter((field) => field in check);
    return foreign.map((field) => problems.httpOnly([...path, field]));
  }
  return "status" in check && "digest" in check ? [problems.expectationTwice([...path, "digest"])] : [];
}
