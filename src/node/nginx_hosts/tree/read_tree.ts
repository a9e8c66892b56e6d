import { hostUnknown, layerNameReserved, misplaced, sound, treeFileMissing, unsound, type Checked, type TreeProblem } from "../problems.ts";
import { hostTypes, isHostname, layerNamePattern, partsOfLayer } from "./names.ts";
import type { HostPlace, Tree } from "./model.ts";
import type { TreeSnapshot } from "./source.ts";
import { hostFile, treeFile } from "./tree_file.ts";
import { readYaml } from "./yaml_file.ts";

/** The folder of the layer that a file belongs to; undefined for what is not in the layout. */
function layerOf(path: string): string | undefined {
  const steps = path.split("/");
  const rest = (depth: number): string | undefined => (isPart(steps.slice(depth)) ? steps.slice(0, depth).join("/") : undefined);
  const isName = (step: string | undefined): boolean => step !== undefined && layerNamePattern.test(step);
  switch (steps[0]) {
    case "common":
      return rest(1);
    case "idcs":
      return isName(steps[1]) ? rest(2) : undefined;
    case "hosts":
      return isHostname(steps[1] ?? "") ? rest(2) : undefined;
    case "products":
      if (!isName(steps[1])) return undefined;
      if (!hostTypes.some((type) => type === steps[2])) return rest(2);
      return isPart(steps.slice(3)) ? rest(3) : isName(steps[3]) ? rest(4) : undefined;
    default:
      return undefined;
  }
}

function isPart(steps: readonly string[]): boolean {
  const [first = "", second] = steps;
  if (partsOfLayer.includes(first)) return second !== undefined;
  return steps.length === 1 && (first === "layer.yaml" || first === "host.yaml");
}

/** The layers of a host, the most general first. */
export function layerFolders({ hostname, product, type, idc }: HostPlace): string[] {
  return ["common", `idcs/${idc}`, `products/${product}`, `products/${product}/${type}`, `products/${product}/${type}/${idc}`, `hosts/${hostname}`];
}

/**
 * Reads what the whole tree says: its settings and where each host stands. A host.yaml that is wrong is that host's
 * trouble only; a file that has no place is everybody's, since it was meant for somebody.
 */
export function readTree(snapshot: TreeSnapshot): Checked<Tree> {
  const problems: TreeProblem[] = [];
  const hosts = new Map<string, HostPlace>();
  const broken = new Map<string, readonly TreeProblem[]>();
  const text = snapshot.files.get("tree.yaml");
  const settings = text === undefined ? unsound(treeFileMissing()) : readYaml("tree.yaml", text, treeFile);
  if (!settings.ok) problems.push(...settings.problems);
  for (const [path, content] of [...snapshot.files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (path === "tree.yaml") continue;
    const layer = layerOf(path);
    const isHostFile = layer?.startsWith("hosts/") === true && path === `${layer}/host.yaml`;
    if (layer === undefined || (path.endsWith("/host.yaml") && !isHostFile && path === `${layer}/host.yaml`)) problems.push(misplaced(path));
    if (layer?.startsWith("hosts/") === true && path === `${layer}/layer.yaml`) problems.push(misplaced(path));
    if (layer === undefined || !isHostFile) continue;
    const hostname = layer.slice("hosts/".length);
    const read = readYaml(path, content, hostFile);
    if (!read.ok) {
      broken.set(hostname, read.problems);
      continue;
    }
    const { product, type, idc } = read.value.value;
    if (partsOfLayer.includes(idc)) broken.set(hostname, [layerNameReserved(path, idc)]);
    else hosts.set(hostname, { hostname, product, type, idc });
  }
  if (!settings.ok || problems.length > 0) return unsound(...problems);
  return sound({ revision: snapshot.revision, settings: settings.value.value, hosts, broken, files: snapshot.files });
}

export function placeOf(tree: Tree, hostname: string): Checked<HostPlace> {
  const place = tree.hosts.get(hostname);
  return place === undefined ? unsound(...(tree.broken.get(hostname) ?? [hostUnknown(hostname)])) : sound(place);
}
