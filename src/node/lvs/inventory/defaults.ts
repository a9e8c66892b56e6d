import type { CheckDraft, ClusterDraft, PortDraft, VipDraft } from "./draft.ts";
import { defaultDialect, dialectFacts } from "./dialects.ts";
import type { Dialect, LbKind } from "./model.ts";

/**
 * The values of fields that are not there, in one place for checks and for the model. A field that is there and was
 * refused by the schema is undefined, and what depends on it is not judged.
 */

const defaultScheduler = "wrr";
const defaultHello = 3;
const defaultDead = 12;

export const ospfDefaults = { area: 0, cost: 10, keyId: 1 } as const;
export const checkDefaults = { interval: 6, connectTimeout: 3, retry: 3, delayBeforeRetry: 3, path: "/", status: 200 } as const;

export const dialectOf = (draft: ClusterDraft): Dialect | undefined => ("dialect" in draft ? draft.dialect : defaultDialect);

export function lbKindOf(draft: ClusterDraft): LbKind | undefined {
  if ("lb_kind" in draft) return draft.lb_kind;
  const dialect = dialectOf(draft);
  return dialect === undefined ? undefined : dialectFacts[dialect].defaultKind;
}

export const schedulerOf = (draft: ClusterDraft): string | undefined =>
  "scheduler" in draft ? draft.scheduler : defaultScheduler;

interface Timers {
  readonly hello: number | undefined;
  readonly dead: number | undefined;
}

export const ospfTimersOf = (ospf: NonNullable<ClusterDraft["ospf"]>): Timers => ({
  hello: "hello" in ospf ? ospf.hello : defaultHello,
  dead: "dead" in ospf ? ospf.dead : defaultDead,
});

export const quorumOf = (vip: VipDraft): number | undefined => ("quorum" in vip ? vip.quorum : 1);
export const hysteresisOf = (vip: VipDraft): number | undefined => ("hysteresis" in vip ? vip.hysteresis : 0);
export const synproxyOf = (port: PortDraft): number | undefined => ("synproxy" in port ? port.synproxy : 0);
export const checkKindOf = (check: CheckDraft | undefined): CheckDraft["type"] =>
  check !== undefined && "type" in check ? check.type : "tcp";

type Servers = NonNullable<VipDraft["wss"]>;

/** A real server's name and weight in its long form; undefined parts were refused. */
export function realServerOf(server: Servers[number]): { readonly name: string | undefined; readonly weight: number | undefined } {
  if (server === undefined) return { name: undefined, weight: undefined };
  if (typeof server === "string") return { name: server, weight: 1 };
  return { name: server.name, weight: "weight" in server ? server.weight : 1 };
}
