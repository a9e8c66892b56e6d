import { z } from "zod";
import * as edits from "../../lvs/edit/edits.ts";
import { hostname, port, realServerName, wstype } from "../../lvs/inventory/scalars.ts";
import { clusterSchema } from "../../lvs/inventory/schema.ts";
import { editCluster, type InventoryLimits } from "../../lvs/store/change_cluster.ts";
import { address } from "../../lvs/inventory/scalars.ts";
import { route, type Caller, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory.ts";
import { changeAnswer, changedCluster, changeOptions, changeQuery, changeRefusals, ifMatchHeader, ofCluster, ofVip, oneOrMore } from "./shared.ts";

const vip = clusterSchema.shape.vip2ws.element;
const lb = clusterSchema.shape.lbinfos.element;
const onePort = vip.shape.ports.element;
const realServer = vip.shape.wss.element;
const some = <Item extends z.ZodType>(item: Item): z.ZodArray<Item> => z.array(item).min(1).max(1000);

/** The parts of a cluster: VIPs, load balancers, and of a VIP its real servers, ports and wstype. */
export function partRoutes(inventory: Inventory, limits: InventoryLimits): Route[] {
  const answers = { 200: changedCluster, ...changeRefusals };
  type Query = z.output<typeof changeQuery>;
  interface By {
    readonly caller: Caller;
    readonly header: (name: string) => string;
  }
  const edit = async (cluster: string, action: string, query: Query, { caller, header }: By, change: edits.Edit) => {
    const options = changeOptions(limits, action, header("if-match"), query, false);
    return changeAnswer(await inventory.change(caller, (context) => editCluster(context, cluster, change, options)));
  };
  const common = { role: "operator", headers: ifMatchHeader, answers } as const;
  const without = <Shape extends z.ZodRawShape>(shape: Shape) => changeQuery.extend(shape);
  return [
    route({
      ...common, method: "POST", path: "/clusters/:cluster/vips", summary: "Add VIPs",
      params: ofCluster, query: changeQuery, body: z.strictObject({ vips: some(vip) }),
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_vip_add", query, by, edits.addVips(body.vips)),
    }),
    route({
      ...common, method: "DELETE", path: "/clusters/:cluster/vips", summary: "Delete VIPs, all that are named or none",
      params: ofCluster, query: without({ vip: oneOrMore(address) }),
      handle: ({ params, query, ...by }) => edit(params.cluster, "lvs_vip_delete", query, by, edits.deleteVips(query.vip)),
    }),
    route({
      ...common, method: "POST", path: "/clusters/:cluster/lbs", summary: "Add load balancers",
      params: ofCluster, query: changeQuery, body: z.strictObject({ lbs: some(lb) }),
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_lb_add", query, by, edits.addLbs(body.lbs)),
    }),
    route({
      ...common, method: "DELETE", path: "/clusters/:cluster/lbs", summary: "Delete load balancers, all that are named or none",
      params: ofCluster, query: without({ hostname: oneOrMore(hostname) }),
      handle: ({ params, query, ...by }) => edit(params.cluster, "lvs_lb_delete", query, by, edits.deleteLbs(query.hostname)),
    }),
    route({
      ...common, method: "POST", path: "/clusters/:cluster/vips/:vip/wss", summary: "Add real servers to a VIP",
      params: ofVip, query: changeQuery, body: z.strictObject({ wss: some(realServer) }),
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_ws_add", query, by, edits.addRealServers(params.vip, body.wss)),
    }),
    route({
      ...common, method: "DELETE", path: "/clusters/:cluster/vips/:vip/wss", summary: "Delete real servers of a VIP, all that are named or none",
      params: ofVip, query: without({ name: oneOrMore(realServerName) }),
      handle: ({ params, query, ...by }) => edit(params.cluster, "lvs_ws_delete", query, by, edits.deleteRealServers(params.vip, query.name)),
    }),
    route({
      ...common, method: "POST", path: "/clusters/:cluster/vips/:vip/ports", summary: "Add ports to a VIP",
      params: ofVip, query: changeQuery, body: z.strictObject({ ports: some(onePort) }),
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_port_add", query, by, edits.addPorts(params.vip, body.ports)),
    }),
    route({
      ...common, method: "PATCH", path: "/clusters/:cluster/vips/:vip/ports/:sport", summary: "Modify a port: the fields given; null takes one away",
      params: ofVip.extend({ sport: portInPath }), query: changeQuery, body: portChanges,
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_port_modify", query, by, edits.modifyPort(params.vip, params.sport, body)),
    }),
    route({
      ...common, method: "DELETE", path: "/clusters/:cluster/vips/:vip/ports", summary: "Delete ports of a VIP, all that are named or none",
      params: ofVip, query: without({ sport: oneOrMore(portInPath) }),
      handle: ({ params, query, ...by }) => edit(params.cluster, "lvs_port_delete", query, by, edits.deletePorts(params.vip, query.sport)),
    }),
    route({
      ...common, method: "PUT", path: "/clusters/:cluster/vips/:vip/wstype", summary: "Change the wstype of a VIP",
      params: ofVip, query: changeQuery, body: z.strictObject({ wstype }),
      handle: ({ params, query, body, ...by }) => edit(params.cluster, "lvs_vip_wstype", query, by, edits.changeWstype(params.vip, body.wstype)),
    }),
  ];
}

/** Digits, since all of an address is text. */
const portInPath = z
  .string()
  .regex(/^[1-9][0-9]{0,4}$/, { error: "is not a port" })
  .transform(Number)
  .pipe(port);

const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable();

const portChanges = z
  .strictObject({
    sport: onePort.shape.sport.optional(),
    dport: onePort.shape.dport.optional(),
    synproxy: nullable(onePort.shape.synproxy),
    persistence_timeout: nullable(onePort.shape.persistence_timeout),
    established_timeout: nullable(onePort.shape.established_timeout),
    check: nullable(onePort.shape.check),
  })
  .refine((changes) => Object.keys(changes).length > 0, { error: "nothing is to be changed" });
