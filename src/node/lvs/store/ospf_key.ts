import { readFileSync } from "node:fs";
import type { Environment } from "../../config/secrets.ts";
import type { KeySource } from "../inventory/model.ts";
import type { InventoryProblem } from "../inventory/problem.ts";
import { isOspfKeyText } from "../inventory/ospf_key.ts";
import { keyAlphabet, keyLength, keyUnreadable } from "../inventory/problems.ts";

export type OspfKey = { readonly ok: true; readonly key: string } | { readonly ok: false; readonly problem: InventoryProblem };

/** FRR cuts a longer one, and the two ends then differ. */
const longestKey = 16;

/** Reads the md5 key of a cluster's OSPF where its document says it is. The key is in no message. */
export function readOspfKey(source: KeySource, environment: Environment): OspfKey {
  const path = ["ospf", "key_from", source.kind];
  let key: string;
  if (source.kind === "env") {
    key = environment[source.name] ?? "";
    if (key === "") return { ok: false, problem: keyUnreadable(path, `the environment variable ${source.name} is not set or empty`) };
  } else {
    try {
      key = readFileSync(source.path, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      return { ok: false, problem: keyUnreadable(path, error instanceof Error ? error.message : String(error)) };
    }
  }
  if (key.length < 1 || key.length > longestKey) return { ok: false, problem: keyLength(path, key.length) };
  return isOspfKeyText(key) ? { ok: true, key } : { ok: false, problem: keyAlphabet(path) };
}
