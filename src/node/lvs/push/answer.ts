import type { Told } from "./load_balancer.ts";

/** What load_balancer.sh said, in its lines. */
export interface Answer {
  /** `word rest` of each line before `done`. */
  readonly lines: readonly (readonly [word: string, rest: string])[];
  /** The files of `content` lines by their paths. */
  readonly contents: ReadonlyMap<string, string>;
}

/** An answer without its last line is one of a session that was cut. */
export function parseAnswer({ output, errors }: { readonly output: Buffer; readonly errors: string }): Told {
  const lines: [string, string][] = [];
  const contents = new Map<string, string>();
  let at = 0;
  for (;;) {
    const end = output.indexOf("\n", at);
    if (end === -1) return { ok: false, refusal: { kind: "unreachable", reason: `the session was cut${said(errors)}` } };
    const text = output.toString("utf8", at, end);
    at = end + 1;
    const space = text.indexOf(" ");
    const [word, rest] = space === -1 ? [text, ""] : [text.slice(0, space), text.slice(space + 1)];
    if (word === "done") return { ok: true, answer: { lines, contents } };
    if (word === "fail") return refusal(rest, errors);
    if (word === "content") {
      const [, size = "", path = ""] = /^ *(\d+) (.*)$/.exec(rest) ?? [];
      contents.set(path, output.toString("utf8", at, at + Number(size)));
      at += Number(size) + 1;
    } else {
      lines.push([word, rest]);
    }
  }
}

function refusal(rest: string, errors: string): Told {
  const [code = "", ...words] = rest.split(" ");
  const reason = words.join(" ").replaceAll("|", "; ");
  return { ok: false, refusal: { kind: "refused", code, reason: `${reason}${said(errors)}` } };
}

/** What its programs wrote, such as tar's `No space left on device`. */
function said(errors: string): string {
  const last = errors.trim().split(/\r?\n/).filter((line) => line !== "").slice(0, 3);
  return last.length === 0 ? "" : `: ${last.join("; ")}`;
}
