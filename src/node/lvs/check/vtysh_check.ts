import { join } from "node:path";
import type { Release } from "../render/release.ts";
import { placeOf } from "./place.ts";
import type { CheckProblem } from "./problem.ts";
import { run } from "./run.ts";
import { withWritten } from "./written.ts";

const timeoutMs = 30_000;
/** FRR's, and those of what came before it: its commands are FRR's. (`ospfd -C` ends with 0 whatever it reads.) */
const judged = ["frr.conf", "ospfd.conf", "zebra.conf"];

export function checkWithVtysh(release: Release, vtysh: string): Promise<CheckProblem[]> {
  const files = release.files.filter((file) => judged.includes(file.path));
  // Of its own, and empty: not every user may read the machine's.
  const settings = { path: "vtysh.conf", text: "", mode: 0o644, isSecret: false };
  return withWritten([...files, settings], async (folder) => {
    const problems = await Promise.all(
      files.map(async ({ path }) => {
        const finished = await run(vtysh, ["--config_dir", folder, "-C", "-f", join(folder, path)], timeoutMs);
        const said = `${finished.stdout}${finished.stderr}`.split("\n").filter((line) => line !== "");
        if (finished.failure !== undefined) return [problem(release, path, finished.failure)];
        if (finished.code === 0 && said.length === 0) return [];
        return (said.length > 0 ? said : [`refuses the file with exit code ${finished.code}`]).map((line) => problem(release, path, line));
      }),
    );
    return problems.flat();
  });
}

function problem(release: Release, file: string, said: string): CheckProblem {
  const [, number, rest] = /^line (\d+): (.*)$/.exec(said) ?? [];
  const line = number === undefined ? undefined : Number(number);
  return { hostname: release.hostname, file, line, place: placeOf(release, file, line), checker: "vtysh", text: rest ?? said };
}
