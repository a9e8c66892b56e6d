import { sound, unsound, type Checked, type TreeProblem } from "../problems.ts";
import type { Source } from "../text/template.ts";
import type { HostPlace, Layer, LayerSource, Tree } from "./model.ts";
import { layerFolders } from "./read_tree.ts";
import { hostFile, layerFile } from "./tree_file.ts";
import { readYaml } from "./yaml_file.ts";

/** The layers of a host, the most general first; a layer that has no folder says nothing. */
export function readLayers(tree: Tree, place: HostPlace): Checked<Layer[]> {
  const problems: TreeProblem[] = [];
  const layers: Layer[] = [];
  for (const folder of layerFolders(place)) {
    const file = folder.startsWith("hosts/") ? `${folder}/host.yaml` : `${folder}/layer.yaml`;
    const settings = readYaml(file, tree.files.get(file) ?? "", folder.startsWith("hosts/") ? hostFile : layerFile);
    if (!settings.ok) {
      problems.push(...settings.problems);
      continue;
    }
    const { values, without } = settings.value.value;
    layers.push({ folder, file, values, without, locate: settings.value.locate, ...readFiles(tree, folder) });
  }
  return problems.length > 0 ? unsound(...problems) : sound(layers);
}

function readFiles(tree: Tree, folder: string): Pick<Layer, "files" | "partials"> {
  const files = new Map<string, LayerSource>();
  const partials = new Map<string, Source>();
  for (const [path, text] of tree.files) {
    const source = { file: path, text };
    const inFiles = path.startsWith(`${folder}/files/`) ? path.slice(`${folder}/files/`.length) : undefined;
    const inPartials = path.startsWith(`${folder}/partials/`) ? path.slice(`${folder}/partials/`.length) : undefined;
    if (inFiles !== undefined) {
      const isTemplate = inFiles.endsWith(".hbs");
      files.set(isTemplate ? inFiles.slice(0, -".hbs".length) : inFiles, { ...source, isTemplate });
    } else if (inPartials?.endsWith(".hbs") === true) {
      partials.set(inPartials.slice(0, -".hbs".length), source);
    }
  }
  return { files, partials };
}
