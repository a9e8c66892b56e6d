import type { ConfigPath, Problem } from "../../config/problem.ts";
import { pathText } from "../../config/problem.ts";

/** Something in a cluster's document that has to be corrected, or, as a warning, thought about. */
export interface InventoryProblem extends Problem {
  /** The rule that is broken, as programs tell problems apart: the name of its factory in problems.ts. */
  readonly rule: string;
}

/** `vip2ws[1].ports[0].sport: …`, or the text alone where the document as a whole is meant. */
export function problemText({ path, text }: InventoryProblem): string {
  return path.length === 0 ? text : `${pathText(path)}: ${text}`;
}

/** Who has something already: another place in the same document, or another cluster. */
export interface Owner {
  readonly cluster: string;
  readonly path: ConfigPath;
}

/** The owner in words, as seen from a place in `cluster`. */
export const ownerText = (owner: Owner, cluster: string): string =>
  owner.cluster === cluster ? pathText(owner.path) : `cluster ${owner.cluster} (${pathText(owner.path)})`;
