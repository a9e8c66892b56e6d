import { z } from "zod";
import { digestOf, type FinishedFile } from "../finished.ts";
import { isFilePath } from "../tree/names.ts";

/** What the service answers for a machine's configuration. */
const answer = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  files: z.record(z.string(), z.string()),
});

export type CheckedAnswer =
  | { readonly ok: true; readonly digest: string; readonly files: readonly FinishedFile[] }
  | { readonly ok: false; readonly reason: string };

/** Nothing of the answer is believed: every path must stay within the tree, and the digest must be that of the files. */
export function checkAnswer(body: string): CheckedAnswer {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { ok: false, reason: "the answer is not JSON" };
  }
  const read = answer.safeParse(parsed);
  if (!read.success) return { ok: false, reason: "the answer is not a configuration" };
  const { digest, files } = read.data;
  const list = Object.entries(files).map(([path, text]) => ({ path, text }));
  const bad = list.find(({ path }) => !isFilePath(path));
  if (bad !== undefined) return { ok: false, reason: `the answer has a file ${JSON.stringify(bad.path.slice(0, 200))}, which is no path of a tree` };
  if (!Object.hasOwn(files, "nginx.conf")) return { ok: false, reason: "the answer has no nginx.conf" };
  if (digestOf(list) !== digest) return { ok: false, reason: "the answer is damaged: its digest is not that of its files" };
  return { ok: true, digest, files: list };
}
