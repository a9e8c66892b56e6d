import { manifestName, sha256, type Release } from "../render/release.ts";
import type { Answer } from "./answer.ts";

/** What is on a load balancer. */
export interface LbState {
  /** Digests; undefined: there is none. */
  readonly current: string | undefined;
  readonly previous: string | undefined;
  /** keepalived.conf, which is the operator's: does it include the current release? */
  readonly main: "included" | "different" | "missing" | "link";
  /** sha256 by path, of the files in the current release. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths of what everybody may read. */
  readonly open: ReadonlySet<string>;
  /** Paths of what is neither file nor folder. */
  readonly others: readonly string[];
}

export function stateOf({ lines }: Answer): LbState {
  const one = (name: string): string | undefined => lines.find(([word]) => word === name)?.[1];
  const all = (name: string): string[] => lines.filter(([word]) => word === name).map(([, rest]) => rest);
  const bare = (path: string): string => path.replace(/^\.\//, "");
  const main = one("main");
  return {
    current: one("current"),
    previous: one("previous"),
    main: main === "included" || main === "link" || main === "missing" ? main : "different",
    files: new Map(
      all("file").map((line) => {
        const [sum = "", ...path] = line.split("  ");
        return [bare(path.join("  ")), sum];
      }),
    ),
    open: new Set(all("open").map(bare)),
    others: all("other").map(bare),
  };
}

/** How one file of a load balancer differs from what should be there. */
export interface Difference {
  readonly path: string;
  readonly kind: "missing" | "edited" | "extra" | "readable";
}

/** Ascending by path; empty: it is what it should be. `readable`: everybody may read a file with the OSPF key. */
export function differences(state: LbState, release: Release): Difference[] {
  const wanted = new Map([...release.files.map((file) => [file.path, sha256(file.text)] as const), [manifestName, release.digest]]);
  const found: Difference[] = [];
  for (const [path, sum] of wanted) {
    const present = state.files.get(path);
    if (present === undefined) found.push({ path, kind: "missing" });
    else if (present !== sum) found.push({ path, kind: "edited" });
  }
  for (const path of [...state.files.keys(), ...state.others]) if (!wanted.has(path)) found.push({ path, kind: "extra" });
  for (const { path, isSecret } of release.files) if (isSecret && state.open.has(path)) found.push({ path, kind: "readable" });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
