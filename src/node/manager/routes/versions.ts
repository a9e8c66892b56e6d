import { z } from "zod";
import { versionOfDeletion } from "../../lvs/edit/problems.ts";
import { putCluster, type InventoryLimits } from "../../lvs/store/change_cluster.ts";
import { listVersions, readVersion } from "../../lvs/store/versions.ts";
import { notFound } from "../http/problem.ts";
import { route, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory.ts";
import { changeAnswer, changedCluster, changeOptions, changeQuery, changeRefusals, ifMatchHeader, ofCluster } from "./shared.ts";

const version = z.strictObject({
  version: z.int(),
  time: z.string(),
  who: z.string(),
  from: z.string(),
  action: z.string(),
  what: z.string(),
});

const versionInPath = z.string().regex(/^[1-9][0-9]{0,8}$/, { error: "is not a version" }).transform(Number);

export function versionRoutes(inventory: Inventory, limits: InventoryLimits): Route[] {
  return [
    route({
      method: "GET",
      path: "/clusters/:cluster/versions",
      role: "viewer",
      summary: "The versions that are kept, the last one first; of a deleted cluster, too",
      params: ofCluster,
      answers: { 200: z.strictObject({ versions: z.array(version) }), 404: "There never was such a cluster", 503: "Redis cannot be reached" },
      handle: async ({ params }) => {
        const kept = await inventory.read(listVersions(params.cluster));
        if (kept.length === 0) throw notFound(`version of a cluster ${JSON.stringify(params.cluster)}`);
        return { json: { versions: kept.map(({ version: number, time, who, from, action, what }) => ({ version: number, time, who, from, action, what })) } };
      },
    }),
    route({
      method: "GET",
      path: "/clusters/:cluster/versions/:version",
      role: "viewer",
      summary: "What a version was; its document is null where it was the deletion",
      params: ofCluster.extend({ version: versionInPath }),
      answers: { 200: version.extend({ document: z.unknown() }), 404: "That version is not kept", 503: "Redis cannot be reached" },
      handle: async ({ params }) => ({ json: await inventory.read(readVersion(params.cluster, params.version)) }),
    }),
    route({
      method: "POST",
      path: "/clusters/:cluster/revert",
      role: "operator",
      summary: "Go back to a version: what it was becomes the next version",
      params: ofCluster,
      query: changeQuery,
      body: z.strictObject({ version: z.int().min(1) }),
      headers: ifMatchHeader,
      answers: { 200: changedCluster, ...changeRefusals, 428: "If-Match is missing" },
      handle: async ({ params, query, body, caller, header }) => {
        const options = changeOptions(limits, "lvs_revert", header("if-match"), query, true);
        const { document } = await inventory.read(readVersion(params.cluster, body.version));
        if (document === null) throw notFound(versionOfDeletion(params.cluster, body.version).desc);
        return changeAnswer(await inventory.change(caller, (context) => putCluster(context, document, options)));
      },
    }),
  ];
}
