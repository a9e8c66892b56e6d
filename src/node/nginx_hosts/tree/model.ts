import type { Problem } from "../../config/problem.ts";
import type { TreeProblem } from "../problems.ts";
import type { Source } from "../text/template.ts";
import type { HostType } from "./names.ts";
import type { TreeFile } from "./tree_file.ts";

/** What one layer says: values, files, partials. Later layers override earlier ones, name by name. */
export interface Layer {
  /** Its folder in the tree, and the file that holds its values. */
  readonly folder: string;
  readonly file: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly locate: (problem: Problem) => TreeProblem;
  readonly without: readonly string[];
  /** By the path in the finished tree; a template's is without its `.hbs`. */
  readonly files: ReadonlyMap<string, LayerSource>;
  readonly partials: ReadonlyMap<string, Source>;
}

export interface LayerSource extends Source {
  readonly isTemplate: boolean;
}

/** The place of a host in the tree. */
export interface HostPlace {
  readonly hostname: string;
  readonly product: string;
  readonly type: HostType;
  readonly idc: string;
}

export interface Tree {
  readonly revision: string;
  readonly settings: TreeFile;
  /** By hostname, in order. */
  readonly hosts: ReadonlyMap<string, HostPlace>;
  /** Hosts whose host.yaml is not usable, with what is wrong. */
  readonly broken: ReadonlyMap<string, readonly TreeProblem[]>;
  readonly files: ReadonlyMap<string, string>;
}
