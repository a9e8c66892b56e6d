import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { runNginxTest } from "../run_nginx_test.ts";
import { checkAnswer } from "./answer.ts";
import { diffTrees, type TreeDifference } from "./difference.ts";
import { fetchConfig, type Fetch } from "./fetch_config.ts";
import { lock } from "./lock.ts";
import { digestInPlace, releasesIn, stage, swap, sweep, tidy, type Releases, type SwapStep } from "./releases.ts";

export interface PullSettings extends Omit<Fetch, "have"> {
  /** The folder of the trees. */
  readonly root: string;
  readonly nginx: string;
  /** Releases that stay on disk, `current` and `previous` among them. */
  readonly keep: number;
  readonly dryRun: boolean;
}

export type Pulled =
  /** Nothing is new; `reloadNeeded`: but an earlier change was perhaps never read by nginx. */
  | { readonly kind: "unchanged"; readonly digest: string; readonly reloadNeeded: boolean }
  /** A new tree is in place, or with `dryRun` would be. */
  | { readonly kind: "changed"; readonly digest: string; readonly difference: TreeDifference; readonly warnings: readonly string[] }
  /** The old tree is in place. */
  | { readonly kind: "failed"; readonly reason: string };

const failed = (reason: string): Pulled => ({ kind: "failed", reason });

/**
 * Fetches a machine's tree, lets the machine's own nginx test it, and puts it in place. Whatever fails, and whenever it
 * is killed, `current` leads to a whole tree that nginx accepted.
 */
export async function pull(settings: PullSettings, done?: (step: SwapStep) => void): Promise<Pulled> {
  const { root } = settings;
  try {
    mkdirSync(root, { recursive: true, mode: 0o755 });
    const locked = lock(join(root, ".lock"));
    if (!locked.ok) return failed(`another pull (process ${locked.owner}) is at work in ${root}`);
    try {
      return await pullLocked(settings, releasesIn(root), done);
    } finally {
      locked.release();
    }
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
}

async function pullLocked(settings: PullSettings, releases: Releases, done?: (step: SwapStep) => void): Promise<Pulled> {
  const have = digestInPlace(releases);
  const fetched = await fetchConfig({ ...settings, have });
  if (fetched.kind === "failed") return failed(fetched.reason);
  const unchanged = (digest: string): Pulled => ({ kind: "unchanged", digest, reloadNeeded: existsSync(releases.reloadNeeded) });
  if (fetched.kind === "unchanged") return unchanged(have ?? "");
  const answer = checkAnswer(fetched.body);
  if (!answer.ok) return failed(answer.reason);
  if (answer.digest === have) return unchanged(have);

  sweep(releases);
  const staged = stage(releases, answer.files);
  try {
    const said = await runNginxTest(settings.nginx, ["-c", join(staged, "nginx.conf")]);
    if ("failed" in said) return failed(`${settings.nginx} -t cannot be run: ${said.failed}`);
    const lines = said.lines.map((line) => line.replaceAll(`${staged}/`, ""));
    if (said.status !== 0) return failed([`${settings.nginx} -t refuses the new tree; the old one stays:`, ...lines].join("\n"));
    const difference = diffTrees(releases, answer.files);
    const changed: Pulled = { kind: "changed", digest: answer.digest, difference, warnings: lines };
    if (settings.dryRun) return changed;
    swap(releases, staged, answer.digest, done);
    tidy(releases, settings.keep);
    return changed;
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}
