import { canonicalDocument } from "../inventory/canonical.ts";
import { realServerOf } from "../inventory/defaults.ts";
import type { ClusterDocument, VipDocument } from "../inventory/schema.ts";
import { clusterFields } from "./edits.ts";

/** Items of one kind that came, went or changed, by name. */
interface Listed {
  readonly came: readonly string[];
  readonly went: readonly string[];
  readonly changed: readonly string[];
}

/** What a change does to a cluster. */
export interface Difference {
  readonly fields: readonly string[];
  readonly lbs: Listed;
  readonly vips: Listed;
  /** Real servers as `VIP name`, of VIPs that were there before and are there after. */
  readonly realServers: Listed;
  /** Ports as `VIP:sport`, likewise. */
  readonly ports: Listed;
}

type Texts = ReadonlyMap<string, string>;

function compare(before: Texts, after: Texts): Listed {
  return {
    came: [...after.keys()].filter((key) => !before.has(key)),
    went: [...before.keys()].filter((key) => !after.has(key)),
    changed: [...after].filter(([key, text]) => before.has(key) && before.get(key) !== text).map(([key]) => key),
  };
}

const textsOf = <T>(items: readonly T[], keyOf: (item: T) => string): Texts =>
  new Map(items.map((item) => [keyOf(item), JSON.stringify(item)]));

/** Fields of VIPs beside their lists. */
const ownText = ({ vip, wstype, quorum, hysteresis }: VipDocument): string => JSON.stringify({ vip, wstype, quorum, hysteresis });

const serversOf = (vips: readonly VipDocument[]): Texts =>
  new Map(vips.flatMap(({ vip, wss }) => wss.map((server) => [`${vip} ${realServerOf(server).name ?? ""}`, JSON.stringify(server)])));

const portsOf = (vips: readonly VipDocument[]): Texts =>
  new Map(vips.flatMap(({ vip, ports }) => ports.map((port) => [`${vip}:${port.sport}`, JSON.stringify(port)])));

const nothing = (name: string): ClusterDocument => ({ name, type: "internal", device: "", vipnets: [], lbinfos: [], vip2ws: [] });

/** @param before undefined: the cluster is new. @param after undefined: it is deleted. */
export function differenceOf(before: ClusterDocument | undefined, after: ClusterDocument | undefined): Difference {
  const name = before?.name ?? after?.name ?? "";
  const old = canonicalDocument(before ?? nothing(name));
  const next = canonicalDocument(after ?? nothing(name));
  const areBoth = before !== undefined && after !== undefined;
  const fields = clusterFields.filter((field) => areBoth && JSON.stringify(old[field]) !== JSON.stringify(next[field]));
  const vips = compare(new Map(old.vip2ws.map((vip) => [vip.vip, ownText(vip)])), new Map(next.vip2ws.map((vip) => [vip.vip, ownText(vip)])));
  const stays = ({ vip }: VipDocument): boolean => !vips.came.includes(vip) && !vips.went.includes(vip);
  const [oldVips, nextVips] = [old.vip2ws.filter(stays), next.vip2ws.filter(stays)];
  return {
    fields,
    lbs: compare(textsOf(old.lbinfos, (lb) => lb.hostname), textsOf(next.lbinfos, (lb) => lb.hostname)),
    vips,
    realServers: compare(serversOf(oldVips), serversOf(nextVips)),
    ports: compare(portsOf(oldVips), portsOf(nextVips)),
  };
}

/** As many names as a line holds. */
const mostNames = 5;

function names(list: readonly string[]): string {
  const rest = list.length - mostNames;
  return list.slice(0, mostNames).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** The difference as lines, as `VIP added: 60.28.208.3`; empty where there is none. */
export function differenceLines({ fields, lbs, vips, realServers, ports }: Difference): string[] {
  const kinds = [
    ["load balancer", lbs],
    ["VIP", vips],
    ["real server", realServers],
    ["port", ports],
  ] as const;
  const lines = kinds.flatMap(([kind, { came, went, changed }]) =>
    ([["added", came], ["removed", went], ["changed", changed]] as const).flatMap(([verb, list]) =>
      list.length === 0 ? [] : `${kind}${list.length === 1 ? "" : "s"} ${verb}: ${names(list)}`,
    ),
  );
  return fields.length === 0 ? lines : [`changed: ${fields.join(", ")}`, ...lines];
}
