import type { FinishedFile } from "./finished.ts";
import { mainFileMissing, nothingToLeaveOut, sound, unsound, type Checked, type TreeProblem } from "./problems.ts";
import type { Listens } from "./text/listen.ts";
import { templateFiller, type Source } from "./text/template.ts";
import { mergeValues } from "./tree/merge_values.ts";
import type { HostPlace, LayerSource, Tree } from "./tree/model.ts";
import { readLayers } from "./tree/read_layers.ts";
import type { UpstreamSnapshot } from "./upstreams/source.ts";

/** A VIP that a host stands behind. */
export interface Serving {
  readonly cluster: string;
  readonly vip: string;
  readonly wstype: string;
}

/** Where a rendered tree is to run: on the nginx machine, or in a folder where it is tested. */
export interface Destination {
  readonly listens: Listens;
  readonly paths: { readonly logs: string; readonly run: string; readonly certificates: string };
}

export interface RenderInput {
  readonly tree: Tree;
  readonly place: HostPlace;
  readonly servings: readonly Serving[];
  readonly upstreams: UpstreamSnapshot;
}

/** Every file of a host, in the order of their paths. Nothing is written and nothing is read. */
export function renderHost({ tree, place, servings, upstreams }: RenderInput, destination: Destination): Checked<FinishedFile[]> {
  const layers = readLayers(tree, place);
  if (!layers.ok) return layers;
  const values = mergeValues(tree.settings, layers.value);
  const problems: TreeProblem[] = values.ok ? [] : [...values.problems];

  const files = new Map<string, LayerSource>();
  const partials = new Map<string, Source>();
  for (const layer of layers.value) {
    for (const path of layer.without) {
      if (!files.delete(path)) problems.push(nothingToLeaveOut(layer.file, path));
    }
    for (const [path, source] of layer.files) files.set(path, source);
    for (const [name, source] of layer.partials) partials.set(name, source);
  }
  if (!files.has("nginx.conf")) problems.push(mainFileMissing());
  const filler = templateFiller(partials, {
    listens: destination.listens,
    // The template has the end of the line itself.
    upstreamBlock: (name) => upstreams.blocks.get(name)?.trimEnd(),
    upstreamNames: [...upstreams.blocks.keys()].sort(),
  });
  if (!filler.ok) problems.push(...filler.problems);
  if (!values.ok || !filler.ok) return unsound(...problems);

  const view = { ...values.value, host: hostView(place, servings), paths: destination.paths };
  const finished: FinishedFile[] = [];
  for (const [path, source] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const filled = source.isTemplate ? filler.value.fill(source, view) : sound(source.text);
    if (filled.ok) finished.push({ path, text: filled.value });
    else problems.push(...filled.problems);
  }
  return problems.length > 0 ? unsound(...problems) : sound(finished);
}

/** `{{host.name}}` and its siblings. */
function hostView(place: HostPlace, servings: readonly Serving[]): object {
  const distinct = (items: readonly string[]): string[] => [...new Set(items)].sort();
  return {
    name: place.hostname,
    product: place.product,
    type: place.type,
    idc: place.idc,
    vips: distinct(servings.map(({ vip }) => vip)),
    wstypes: distinct(servings.map(({ wstype }) => wstype)),
    clusters: distinct(servings.map(({ cluster }) => cluster)),
  };
}
