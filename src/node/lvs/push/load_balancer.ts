import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tarOf } from "../../archive/tar.ts";
import { packageRoot } from "../../render/package_root.ts";
import type { Dialect } from "../inventory/model.ts";
import { filesOnDisk, type Release } from "../render/release.ts";
import { folderToken } from "../render/token.ts";
import { parseAnswer, type Answer } from "./answer.ts";
import type { Transport } from "./transport.ts";

/** What every call to a load balancer needs. */
export interface Reach {
  readonly transport: Transport;
  /** The folder of the releases, unless the load balancer's own environment names another. */
  readonly root: string;
  readonly timeoutMs: number;
  /** Further tries where it is not reached. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

export type Refusal =
  | { readonly kind: "unreachable" | "aborted"; readonly reason: string }
  /** It answered and did not do it: `code` as in load_balancer.sh. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string };

export type Told = { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly refusal: Refusal };

type OnStep = (step: string) => void;
const silent: OnStep = () => undefined;

/** Releases that are kept beside the current and the previous one, for readers that are still in them and for people. */
const keptReleases = 8;

/** Puts a release in place whole, or leaves everything as it is. */
export function install(reach: Reach, release: Release, dialect: Dialect, onStep: OnStep): Promise<Told> {
  const variables = { action: "install", release: release.digest, dialect, keep: `${keptReleases}` };
  return tell(reach, release.hostname, variables, tarOf(filesOnDisk(release)), onStep);
}

export const rollback = (reach: Reach, host: string): Promise<Told> => tell(reach, host, { action: "rollback" });
export const inspect = (reach: Reach, host: string, onStep: OnStep = silent): Promise<Told> =>
  tell(reach, host, { action: "inspect" }, undefined, onStep);

/** The texts of files of the current release, those that are there. */
export const fetchFiles = (reach: Reach, host: string, paths: readonly string[]): Promise<Told> =>
  tell(reach, host, { action: "fetch", paths: paths.join(" ") });

async function tell(
  reach: Reach,
  host: string,
  variables: Readonly<Record<string, string>>,
  payload: Buffer = Buffer.alloc(0),
  onStep: OnStep = silent,
): Promise<Told> {
  const script = scriptWith({ release: "", dialect: "", keep: "", paths: "", root: folderToken(reach.root), ...variables });
  for (let attempt = 0; ; attempt += 1) {
    const end = await reach.transport({ host, script, payload, timeoutMs: reach.timeoutMs, signal: reach.signal, onStep });
    if (end.kind === "aborted") return refused({ kind: "aborted", reason: "stopped before it was finished" });
    if (end.kind === "answered") return parseAnswer(end);
    if (!end.mayRetry || attempt >= reach.retries) return refused({ kind: "unreachable", reason: end.reason });
    onStep("retrying");
  }
}

const refused = (refusal: Refusal): Told => ({ ok: false, refusal });

/** Values are of alphabets without quotes; one that is not is a mistake of ours. */
function scriptWith(variables: Readonly<Record<string, string>>): string {
  const settings = Object.entries(variables).map(([name, value]) => {
    if (!/^[A-Za-z0-9_./ -]*$/.test(value)) throw new Error(`${name} cannot be given to a load balancer: ${JSON.stringify(value)}`);
    return `${name}='${value}'\n`;
  });
  return settings.join("") + readFileSync(join(packageRoot(), "templates", "lvs", "load_balancer.sh"), "utf8");
}
