import { z } from "zod";
import * as scalar from "./scalars.ts";
import { clusterTypes, dialects, lbKinds } from "./model.ts";

/**
 * A cluster as operators write it and as it is stored; the fields and their names are the predecessor's, those of ours
 * are optional. Unknown keys are refused.
 */

/** keepalived's own bound, 31 days. */
const longestPersistence = 31 * 86_400;

const checkSchema = z
  .strictObject({
    type: z.enum(["tcp", "http", "https"]).optional().describe("Default: tcp"),
    port: scalar.port.optional().describe("The port that is asked (default: dport)"),
    interval: scalar.seconds(1, 3600).optional().describe("Seconds between two checks (default: 6)"),
    connect_timeout: scalar.seconds(1, 600).optional().describe("Seconds (default: 3)"),
    retry: z.int().min(0).max(100).optional().describe("Further tries before a real server is down (default: 3)"),
    delay_before_retry: scalar.seconds(1, 600).optional().describe("Seconds between tries (default: 3)"),
    path: scalar.checkPath.optional().describe("http, https: what is asked for (default: /)"),
    host: scalar.hostname.optional().describe("http, https: the Host header"),
    status: z.int().min(100).max(599).optional().describe("http, https: the status that is expected (default: 200)"),
    digest: scalar.digest.optional().describe("http, https: the md5 sum of the body, instead of status"),
  })
  .describe("How a real server's port is known to work");

const portSchema = z.strictObject({
  sport: scalar.port.describe("The VIP's port"),
  dport: scalar.port.describe("The real servers' port"),
  synproxy: z.union([z.literal(0), z.literal(1)]).optional().describe("1: answer SYNs in place of the real server (default: 0)"),
  persistence_timeout: scalar.seconds(0, longestPersistence).optional().describe("Seconds; 0: none (default: 0)"),
  established_timeout: scalar.seconds(1, longestPersistence).optional().describe("Seconds until an idle session is forgotten"),
  check: checkSchema.optional(),
});

const detailedRealServer = z.strictObject({
  name: scalar.realServerName,
  weight: z.int().min(0).max(65535).optional().describe("Share of the connections; 0: no new ones (default: 1)"),
});

const vipSchema = z.strictObject({
  vip: scalar.address,
  wstype: scalar.wstype.describe("What the nginx machines are for; registered"),
  wss: z.array(z.union([scalar.realServerName, detailedRealServer])).min(1).describe("The nginx machines"),
  ports: z.array(portSchema).min(1),
  quorum: z.int().min(1).max(1_000_000).optional().describe("Weights that must be up to announce the VIP (default: 1)"),
  hysteresis: z.int().min(0).max(1_000_000).optional().describe("Less than quorum (default: 0)"),
});

const lbSchema = z.strictObject({
  hostname: scalar.hostname,
  routerid: scalar.address.describe("One of its addresses; OSPF tells routers apart by it"),
  internalip: scalar.address,
  internalnetmask: scalar.address,
  internalgateway: scalar.address,
  extraip: scalar.address.optional().describe("type extra only, as are the next two"),
  extranetmask: scalar.address.optional(),
  extragateway: scalar.address.optional(),
  ospfnet: scalar.network.describe("The subnet of the uplink"),
  local_addresses: z
    .array(scalar.addressRange)
    .min(1)
    .optional()
    .describe("FNAT: addresses or ranges (default: the hosts of the internal subnet, less gateway and internalip)"),
});

const keyFromSchema = z
  .strictObject({ env: scalar.envName.optional(), file: scalar.secretFile.optional() })
  .describe("Where the md5 key is read from when files are rendered; the key itself is never stored");

const ospfSchema = z.strictObject({
  area: scalar.area.optional().describe("Default: 0.0.0.0"),
  device: scalar.device.optional().describe("The uplink (default: the cluster's device)"),
  hello: scalar.seconds(1, 65535).optional().describe("Seconds (default: 3)"),
  dead: scalar.seconds(1, 65535).optional().describe("Seconds (default: 12)"),
  cost: z.int().min(1).max(65535).optional().describe("Default: 10"),
  key_id: z.int().min(1).max(255).optional().describe("Default: 1"),
  key_from: keyFromSchema.optional(),
});

export const clusterSchema = z
  .strictObject({
    name: scalar.clusterName,
    type: z.enum(clusterTypes).describe("extra: faces the internet; internal: does not"),
    device: scalar.device.describe("The load balancers' network device"),
    vipnets: z.array(scalar.network).describe("Where VIPs may be from"),
    lbinfos: z.array(lbSchema).describe("The load balancers"),
    vip2ws: z.array(vipSchema).describe("VIPs with the nginx machines behind them"),
    dialect: z.enum(dialects).optional().describe("Whose keepalived it is (default: alibaba)"),
    lb_kind: z.enum(lbKinds).optional().describe("Default: FNAT; with mainline DR"),
    scheduler: z.string().regex(/^[a-z]{2,8}$/, { error: "is not the name of a scheduler" }).optional().describe("Default: wrr"),
    ospf: ospfSchema.optional(),
  })
  .describe("A cluster of LVS machines");

export type ClusterDocument = z.infer<typeof clusterSchema>;
export type LbDocument = ClusterDocument["lbinfos"][number];
export type VipDocument = ClusterDocument["vip2ws"][number];
export type PortDocument = VipDocument["ports"][number];
export type CheckDocument = NonNullable<PortDocument["check"]>;
export type RealServerDocument = VipDocument["wss"][number];
export type OspfDocument = NonNullable<ClusterDocument["ospf"]>;

let jsonSchema: object | undefined;

/** The schema as JSON Schema, for editors, for the service's own and for advice on keys. */
export function clusterJsonSchema(): object {
  jsonSchema ??= z.toJSONSchema(clusterSchema, { io: "input" });
  return jsonSchema;
}
