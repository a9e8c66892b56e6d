import type { Environment } from "../../config/secrets.ts";
import type { Dialect } from "../inventory/model.ts";
import type { Release } from "../render/release.ts";
import { checkWithKeepalived } from "./keepalived_check.ts";
import { lintRelease } from "./lint.ts";
import type { CheckProblem } from "./problem.ts";
import { findProgram } from "./run.ts";
import { checkWithVtysh } from "./vtysh_check.ts";

export interface Checkers {
  /** Their paths; undefined: not on this machine. */
  readonly keepalived: string | undefined;
  readonly vtysh: string | undefined;
}

export interface CheckReport {
  readonly problems: readonly CheckProblem[];
  /** What was not checked, and what to install so that it is. */
  readonly remarks: readonly string[];
}

export const checkerMissing = (program: string, packageName: string, what: string): string =>
  `${what} not checked by ${program}, which is not on this machine (Debian: apt-get install ${packageName}); dygateway's own lint ran`;

export function findCheckers(environment: Environment): Checkers {
  return { keepalived: findProgram("keepalived", environment), vtysh: findProgram("vtysh", environment) };
}

/** Holds every release of a cluster against everything that can judge it here. */
export async function checkReleases(releases: readonly Release[], dialect: Dialect, checkers: Checkers): Promise<CheckReport> {
  const { keepalived, vtysh } = checkers;
  const problems: CheckProblem[] = [];
  for (const release of releases) {
    problems.push(...lintRelease(release));
    if (keepalived !== undefined) problems.push(...(await checkWithKeepalived(release, dialect, keepalived)));
    if (vtysh !== undefined) problems.push(...(await checkWithVtysh(release, vtysh)));
  }
  const remarks = [
    ...(keepalived === undefined ? [checkerMissing("keepalived", "keepalived", "keepalived's files are")] : []),
    ...(vtysh === undefined ? [checkerMissing("vtysh", "frr", "OSPF's files are")] : []),
  ];
  return { problems, remarks };
}
