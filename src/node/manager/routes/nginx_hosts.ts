import { z } from "zod";
import { address, clusterName, wstype } from "../../lvs/inventory/scalars.ts";
import type { FinishedTree, HostConfigs } from "../../nginx_hosts/host_configs.ts";
import { listHosts } from "../../nginx_hosts/host_list.ts";
import { treeProblemLine, type TreeProblem } from "../../nginx_hosts/problems.ts";
import { tarGz } from "../../nginx_hosts/tar_gz.ts";
import { hostTypes, isHostname, layerNamePattern } from "../../nginx_hosts/tree/names.ts";
import { hasAlready } from "../http/etag.ts";
import { conflict, HttpProblem, notFound, unavailable } from "../http/problem.ts";
import { route, type Answer, type Route } from "../http/route.ts";
import type { ServingsSource } from "../servings.ts";

const layerName = z.string().regex(layerNamePattern, { error: "is not a name of small letters, digits, _ and -" });
const hostnameInPath = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine(isHostname, { error: "is not a host name" });

const serving = z.strictObject({ cluster: z.string(), vip: z.string(), wstype: z.string() });
const listed = z.strictObject({
  hostname: z.string(),
  product: z.string().nullable().describe("null: the machine is not in the tree, as for type and idc"),
  type: z.string().nullable(),
  idc: z.string().nullable(),
  serves: z.array(serving).describe("The VIPs it is a real server of"),
});
const finishedTree = z.strictObject({
  hostname: z.string(),
  digest: z.string().describe("sha256 over paths and files"),
  revision: z.strictObject({ tree: z.string(), upstreams: z.int() }),
  files: z.record(z.string(), z.string()).describe("Path, relative to the folder of nginx.conf, to text"),
});

/** @param configs undefined: no tree is set up, so there are no configurations and only the clusters know machines. */
export function nginxHostRoutes(configs: HostConfigs | undefined, servings: ServingsSource): Route[] {
  return [
    route({
      method: "GET",
      path: "/nginx/hosts",
      role: "viewer",
      summary: "The nginx machines; wstype, cluster and vip have to be true of one VIP",
      query: z.strictObject({
        wstype: wstype.optional(),
        cluster: clusterName.optional(),
        vip: address.optional(),
        product: layerName.optional(),
        type: z.enum(hostTypes).optional(),
        idc: layerName.optional(),
      }),
      answers: { 200: z.strictObject({ hosts: z.array(listed) }), 409: "The tree is not usable", 503: "Redis cannot be reached" },
      handle: async ({ query }) => {
        const places = await configs?.places();
        if (places?.ok === false) throw treeBroken(places.problems);
        return { json: { hosts: listHosts(places?.value ?? [], await servings.read(), query) } };
      },
    }),
    route({
      method: "GET",
      path: "/nginx/hosts/:hostname/config",
      role: "viewer",
      summary: "The configuration of a machine, tested by nginx; JSON, or with Accept: application/gzip a tar.gz",
      params: z.strictObject({ hostname: hostnameInPath }),
      query: z.strictObject({ format: z.enum(["json", "tar.gz"]).optional() }),
      headers: { "If-None-Match": "The ETag of what the client has", Accept: "application/json or application/gzip" },
      answers: { 200: finishedTree, 304: null, 404: "The tree has no such machine", 409: "The tree is broken for this machine: every problem with file and line", 503: "Redis cannot be reached" },
      handle: async ({ params, query, header }) => {
        const { hostname } = params;
        const answer = await configs?.configOf(hostname, (await servings.read()).get(hostname) ?? []);
        switch (answer?.kind) {
          case undefined:
            throw notFound("tree of nginx configurations: manager.nginx_hosts is not set");
          case "unknown":
            throw notFound(`host ${hostname} in the tree`);
          case "unavailable":
            throw unavailable(answer.reason);
          case "refused":
            throw treeBroken(answer.problems);
          case "finished": {
            const wantsTar = (query.format ?? (prefersTar(header("accept")) ? "tar.gz" : "json")) === "tar.gz";
            return configAnswer(answer.finished, wantsTar, header("if-none-match"));
          }
        }
      },
    }),
  ];
}

/** JSON unless tar.gz is asked for by name. */
const prefersTar = (accept: string): boolean => /^application\/(?:x-)?gzip\b/.test(accept.trim());

async function configAnswer(finished: FinishedTree, wantsTar: boolean, ifNoneMatch: string): Promise<Answer> {
  const { hostname, digest, tree, upstreams, files } = finished;
  // Two forms of one thing are two representations, so two tags.
  const etag = wantsTar ? `"${digest}-tar"` : `"${digest}"`;
  const headers = { ETag: etag, "Cache-Control": "no-cache", Vary: "Accept, Authorization" };
  if (hasAlready(ifNoneMatch, etag)) return { status: 304, headers };
  if (!wantsTar) {
    const content = Object.fromEntries(files.map(({ path, text }) => [path, text]));
    return { headers, json: { hostname, digest, revision: { tree, upstreams }, files: content } };
  }
  const disposition = { "Content-Disposition": `attachment; filename="${hostname}.tar.gz"` };
  return { headers: { ...headers, ...disposition }, raw: { type: "application/gzip", content: await tarGz(files) } };
}

function treeBroken(problems: readonly TreeProblem[]): HttpProblem {
  const detail = "the tree is not usable as it is; nothing is handed out until it is corrected";
  const list = problems.map((problem) => ({ path: placeOf(problem), text: treeProblemLine(problem) }));
  return new HttpProblem(409, conflict(detail).title, detail, { problems: list });
}

const placeOf = ({ file, line }: TreeProblem): string => (line === 0 ? file : `${file}:${line}`);
