import { join } from "node:path";
import type { Dialect } from "../inventory/model.ts";
import type { Release } from "../render/release.ts";
import { placeOf } from "./place.ts";
import type { CheckProblem } from "./problem.ts";
import { run } from "./run.ts";
import { isKeepalived, shadowFiles } from "./shadow.ts";
import { withWritten } from "./written.ts";

const timeoutMs = 30_000;

/**
 * Lets mainline's keepalived judge a release: `-e -t`, and whatever it writes to stderr is a failure, since it accepts
 * with a remark what it does not accept as it was meant. For another dialect, a shadow of the files.
 */
export function checkWithKeepalived(release: Release, dialect: Dialect, keepalived: string): Promise<CheckProblem[]> {
  const files = shadowFiles(release.files.filter((file) => isKeepalived(file.path)), dialect);
  return withWritten(files, async (folder) => {
    const main = join(folder, "keepalived.conf");
    const finished = await run(keepalived, ["-e", "-t", "-f", main], timeoutMs);
    if (finished.failure !== undefined) return [problem(release, finished.failure)];
    const lines = finished.stderr.split("\n").filter((line) => line !== "");
    if (lines.length === 0 && finished.code !== 0) return [problem(release, `refuses the files with exit code ${finished.code}`)];
    return lines.map((line) => problem(release, line, folder));
  });
}

/** `(vips/60.28.208.1.conf: Line 5) …`, or `(Line 5) …` in the main file. */
const located = /^\((?:(\S+): )?Line (\d+)\) (.*)$/;

function problem(release: Release, said: string, folder = ""): CheckProblem {
  const [, path, number, rest] = located.exec(said) ?? [];
  const checker = "keepalived";
  if (rest === undefined) return { hostname: release.hostname, file: undefined, line: undefined, place: placeInWords(said), checker, text: said };
  const file = (path ?? "keepalived.conf").replace(`${folder}/`, "");
  const line = Number(number);
  return { hostname: release.hostname, file, line, place: placeOf(release, file, line), checker, text: rest };
}

/** What it finds when it has read everything names the virtual server instead of a line. */
function placeInWords(said: string): string | undefined {
  const [, vip, port] = /[Vv]irtual server \[([0-9.]+)\]:[a-z]+:(\d+)/.exec(said) ?? [];
  return vip === undefined ? undefined : `vip2ws[${vip}].ports[${port ?? ""}]`;
}
