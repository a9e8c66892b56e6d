import { z } from "zod";
import { success, type Result } from "../../../dygateway/core/result.ts";
import type { StoreWork } from "../../../dygateway/core/store/command.ts";
import { clusterSchema, type ClusterDocument } from "../../lvs/inventory/schema.ts";
import { createCluster, deleteCluster, putCluster, type InventoryLimits } from "../../lvs/store/change_cluster.ts";
import { readCluster, readInventory, type StoredCluster } from "../../lvs/store/reads.ts";
import { listVersions, type KeptVersion } from "../../lvs/store/versions.ts";
import { versionTag } from "../http/etag.ts";
import { notFound, refused } from "../http/problem.ts";
import { route, type Answer, type Route } from "../http/route.ts";
import { requestProblem, type Inventory } from "../inventory.ts";
import { changeAnswer, changedCluster, changeOptions, changeQuery, changeRefusals, ifMatchHeader, ofCluster, warning } from "./shared.ts";

const summary = z.strictObject({
  name: z.string(),
  version: z.int(),
  type: z.string().nullable(),
  dialect: z.string().nullable(),
  lbs: z.int(),
  vips: z.int(),
  problems: z.int().describe("Rules of today that what is stored breaks"),
});

const storedCluster = z.strictObject({
  name: z.string(),
  version: z.int(),
  foreign: z.boolean().describe("Another tool wrote it after the last version that is kept"),
  changed_by: z.string().nullable(),
  changed_at: z.string().nullable(),
  document: z.unknown().describe("As POST takes it"),
  problems: z.array(warning),
  warnings: z.array(warning),
});

/** A document is held against all rules at once, its shape among them: here only that it is one, with a name. */
const anyDocument = z.looseObject({ name: z.string() });

/** A cluster, and who made it what it is. */
function* readWithAuthor(name: string): StoreWork<Result<{ stored: StoredCluster | undefined; last: KeptVersion | undefined }>> {
  const stored = yield* readCluster(name);
  if (!stored.ok) return stored;
  const versions = yield* listVersions(name);
  if (!versions.ok) return versions;
  return success({ stored: stored.value, last: versions.value.find(({ version }) => version === stored.value?.version) });
}

function summaryOf({ name, version, cluster, value, problems }: StoredCluster): z.input<typeof summary> {
  const { type, dialect, lbinfos, vip2ws } = (value ?? {}) as Partial<Record<keyof ClusterDocument, unknown>>;
  const text = (part: unknown): string | null => (typeof part === "string" ? part : null);
  const count = (part: unknown): number => (Array.isArray(part) ? part.length : 0);
  return { name, version, type: text(type), dialect: cluster?.dialect ?? text(dialect), lbs: count(lbinfos), vips: count(vip2ws), problems: problems.length };
}

export function clusterRoutes(inventory: Inventory, limits: InventoryLimits): Route[] {
  const read = async (name: string): Promise<Answer> => {
    const { stored, last } = await inventory.read(readWithAuthor(name));
    if (stored === undefined) throw notFound(`cluster ${JSON.stringify(name)}`);
    const { version, isForeign, value, document, problems, warnings } = stored;
    return {
      headers: { ETag: versionTag(version) },
      json: {
        name,
        version,
        foreign: isForeign,
        changed_by: last?.who ?? null,
        changed_at: last?.time ?? null,
        document: document ?? value ?? null,
        problems: problems.map(requestProblem),
        warnings: warnings.map(requestProblem),
      },
    };
  };
  return [
    route({
      method: "GET",
      path: "/clusters",
      role: "viewer",
      summary: "All clusters",
      answers: { 200: z.strictObject({ clusters: z.array(summary) }), 503: "Redis cannot be reached" },
      handle: async () => ({ json: { clusters: (await inventory.read(readInventory())).map(summaryOf) } }),
    }),
    route({
      method: "POST",
      path: "/clusters",
      role: "operator",
      summary: "Create a cluster",
      body: anyDocument,
      shownBody: clusterSchema,
      answers: { 201: changedCluster, ...changeRefusals },
      handle: async ({ body, caller }) => {
        const options = changeOptions(limits, "lvs_create", "", {}, false);
        const answer = await inventory.change(caller, (context) => createCluster(context, body, options));
        return { ...changeAnswer(answer, 201), headers: { ETag: versionTag(answer.version), Location: `/api/v1/clusters/${body.name}` } };
      },
    }),
    route({
      method: "GET",
      path: "/clusters/:cluster",
      role: "viewer",
      summary: "A cluster, and what the rules say of it",
      params: ofCluster,
      answers: { 200: storedCluster, 404: "There is no such cluster", 503: "Redis cannot be reached" },
      handle: ({ params }) => read(params.cluster),
    }),
    route({
      method: "PUT",
      path: "/clusters/:cluster",
      role: "operator",
      summary: "Put a document in the place of the stored one",
      params: ofCluster,
      query: changeQuery,
      body: anyDocument,
      shownBody: clusterSchema,
      headers: ifMatchHeader,
      answers: { 200: changedCluster, ...changeRefusals, 428: "If-Match is missing" },
      handle: async ({ params, query, body, caller, header }) => {
        const options = changeOptions(limits, "lvs_put", header("if-match"), query, true);
        // Only what is stored under the name can be replaced; POST creates.
        const { stored } = await inventory.read(readWithAuthor(params.cluster));
        if (stored === undefined) throw notFound(`cluster ${JSON.stringify(params.cluster)}`);
        if (body.name !== params.cluster) {
          const text = `the document is of cluster ${JSON.stringify(body.name)}, not ${params.cluster}; a cluster keeps its name`;
          throw refused("the body is not right", [{ path: "name", text }]);
        }
        return changeAnswer(await inventory.change(caller, (context) => putCluster(context, body, options)));
      },
    }),
    route({
      method: "DELETE",
      path: "/clusters/:cluster",
      role: "admin",
      summary: "Delete a cluster; its load balancers are not touched, its versions stay",
      params: ofCluster,
      query: changeQuery,
      headers: ifMatchHeader,
      answers: { 200: changedCluster, ...changeRefusals, 428: "If-Match is missing" },
      handle: async ({ params, query, caller, header }) => {
        const options = changeOptions(limits, "lvs_delete", header("if-match"), query, true);
        return changeAnswer(await inventory.change(caller, (context) => deleteCluster(context, params.cluster, options)));
      },
    }),
  ];
}
