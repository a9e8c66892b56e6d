import type { Upstream, UpstreamDraft } from "./model.ts";

/**
 * What a posted body makes of an upstream: its servers are the body's, whole; strategy, keepalive and check stay what they
 * were where the body says nothing of them. Round robin has no statement, so a body cannot ask for it.
 *
 * @param before undefined where there is none yet.
 */
export function applyDraft(before: Upstream | undefined, draft: UpstreamDraft): Upstream {
  const saysBalance = draft.balance.kind !== "round_robin";
  const check = draft.noCheck === true ? undefined : (draft.check ?? before?.check);
  return {
    servers: draft.servers,
    balance: saysBalance ? draft.balance : (before?.balance ?? draft.balance),
    keepalive: draft.keepalive ?? before?.keepalive,
    check,
  };
}

/** What `set_upstream` may say; what it does not say stays. */
export interface DefinitionFields {
  readonly balance?: Upstream["balance"];
  readonly keepalive?: Upstream["keepalive"];
  /** `none`: no check from now on. */
  readonly check?: Upstream["check"] | "none";
}

export function setDefinition(upstream: Upstream, fields: DefinitionFields): Upstream {
  const { balance, keepalive, check } = fields;
  return {
    servers: upstream.servers,
    balance: balance ?? upstream.balance,
    keepalive: keepalive ?? upstream.keepalive,
    check: check === "none" ? undefined : (check ?? upstream.check),
  };
}
