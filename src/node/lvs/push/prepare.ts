import { pathText } from "../../config/problem.ts";
import type { Environment } from "../../config/secrets.ts";
import { checkReleases, type Checkers } from "../check/check_release.ts";
import { checkProblemText } from "../check/problem.ts";
import type { Cluster } from "../inventory/model.ts";
import type { Layout, OspfFiles } from "../render/layout.ts";
import type { Release } from "../render/release.ts";
import { renderCluster } from "../render/render_lb.ts";
import { resolveRealServers, type Resolver } from "../resolve.ts";
import { ospfKeyToken, UnwritableValue } from "../render/token.ts";
import { readOspfKey } from "../store/ospf_key.ts";

/** What rendering needs beside the cluster. */
export interface Workshop {
  readonly layout: Layout;
  readonly ospfFiles: OspfFiles;
  readonly environment: Environment;
  readonly resolve: Resolver;
  readonly checkers: Checkers;
}

export interface PreparedProblem {
  /** In the document, or in a rendered file. */
  readonly path: string;
  readonly text: string;
}

export type Prepared =
  | { readonly ok: true; readonly releases: readonly Release[]; readonly remarks: readonly string[] }
  | { readonly ok: false; readonly problems: readonly PreparedProblem[] };

/** Reads the key, resolves the real servers, renders; everything that is wrong with that at once. Not yet checked. */
export async function renderReleases(cluster: Cluster, workshop: Workshop): Promise<Prepared> {
  const key = cluster.ospf.keyFrom === undefined ? undefined : readOspfKey(cluster.ospf.keyFrom, workshop.environment);
  const resolved = await resolveRealServers([cluster], workshop.resolve);
  const problems: PreparedProblem[] = [];
  if (key !== undefined && !key.ok) problems.push({ path: pathText(key.problem.path), text: key.problem.text });
  if (key?.ok === true) problems.push(...keyProblems(key.key));
  if (!resolved.ok) problems.push(...resolved.problems.map(({ places, text }) => ({ path: places.join(", "), text })));
  if (problems.length > 0 || !resolved.ok) return { ok: false, problems };
  const { layout, ospfFiles } = workshop;
  const ospfKey = key?.ok === true ? key.key : undefined;
  return { ok: true, releases: renderCluster(cluster, { layout, ospfFiles, ospfKey, pinned: resolved.pinned }), remarks: [] };
}

function keyProblems(key: string): PreparedProblem[] {
  try {
    ospfKeyToken(key);
    return [];
  } catch (error) {
    if (error instanceof UnwritableValue) return [{ path: "ospf.key_from", text: error.message }];
    throw error;
  }
}

/** The same, and held against keepalived, FRR and the lint. */
export async function prepareReleases(cluster: Cluster, workshop: Workshop): Promise<Prepared> {
  const rendered = await renderReleases(cluster, workshop);
  if (!rendered.ok) return rendered;
  const { problems, remarks } = await checkReleases(rendered.releases, cluster.dialect, workshop.checkers);
  if (problems.length === 0) return { ...rendered, remarks };
  return { ok: false, problems: problems.map((problem) => ({ path: problem.place ?? problem.file ?? "", text: checkProblemText(problem) })) };
}
