import { digestOf, type FinishedFile } from "./finished.ts";
import { nginxVerdicts } from "./nginx_verdicts.ts";
import { sound, upstreamBroken, type Checked } from "./problems.ts";
import { renderHost, type RenderInput, type Serving } from "./render_host.ts";
import { realListens } from "./text/listen.ts";
import type { HostPlace } from "./tree/model.ts";
import { placeOf, readTree } from "./tree/read_tree.ts";
import type { TreeSource } from "./tree/source.ts";
import type { UpstreamSource } from "./upstreams/source.ts";

/** The configuration of an nginx machine, complete and accepted by nginx. */
export interface FinishedTree {
  readonly hostname: string;
  readonly digest: string;
  /** What it was made of. */
  readonly tree: string;
  readonly upstreams: number;
  readonly files: readonly FinishedFile[];
}

export type ConfigAnswer =
  | { readonly kind: "finished"; readonly finished: FinishedTree }
  | { readonly kind: "unknown" }
  /** The tree has to be corrected. */
  | Extract<Checked<never>, { ok: false }> & { readonly kind: "refused" }
  /** What is asked is out of reach at the moment. */
  | { readonly kind: "unavailable"; readonly reason: string };

export interface HostConfigs {
  readonly configOf: (hostname: string, servings: readonly Serving[]) => Promise<ConfigAnswer>;
  readonly places: () => Promise<Checked<readonly HostPlace[]>>;
}

/**
 * @param nginx the binary that judges every tree before it is handed out.
 */
export function hostConfigs(source: TreeSource, upstreams: UpstreamSource, nginx: string): HostConfigs {
  const verdicts = nginxVerdicts(nginx);

  async function configOf(hostname: string, servings: readonly Serving[]): Promise<ConfigAnswer> {
    const [snapshot, dynamic] = await Promise.all([source.read(), upstreams.read()]);
    if (!dynamic.ok) return { kind: "unavailable", reason: dynamic.reason };
    if (!snapshot.ok) return { ...snapshot, kind: "refused" };
    const tree = readTree(snapshot.value);
    if (!tree.ok) return { ...tree, kind: "refused" };
    const place = placeOf(tree.value, hostname);
    if (!place.ok) return tree.value.broken.has(hostname) ? { ...place, kind: "refused" } : { kind: "unknown" };
    const input: RenderInput = { tree: tree.value, place: place.value, servings, upstreams: dynamic.snapshot };
    const rendered = renderHost(input, { listens: realListens, paths: tree.value.settings.paths });
    if (!rendered.ok) {
      const broken = [...dynamic.snapshot.broken].map(([name, reason]) => upstreamBroken(name, reason));
      return { kind: "refused", ok: false, problems: [...rendered.problems, ...broken] };
    }
    const digest = digestOf(rendered.value);
    const verdict = await verdicts.of(`${tree.value.revision} ${digest}`, input);
    if (!verdict.ok) return { ...verdict, kind: "refused" };
    const { revision } = dynamic.snapshot;
    return { kind: "finished", finished: { hostname, digest, tree: tree.value.revision, upstreams: revision, files: rendered.value } };
  }

  async function places(): Promise<Checked<readonly HostPlace[]>> {
    const snapshot = await source.read();
    if (!snapshot.ok) return snapshot;
    const tree = readTree(snapshot.value);
    return tree.ok ? sound([...tree.value.hosts.values()]) : tree;
  }

  return { configOf, places };
}
