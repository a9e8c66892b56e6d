import { pathText } from "../../config/problem.ts";
import { errorInfo, type GatewayError } from "../../../dygateway/core/errors.ts";
import { problemText, type InventoryProblem } from "../inventory/problem.ts";

/** What became of a change of the inventory that was not made; programs tell the kinds apart, people read `desc`. */
export type LvsErrorKind = "unknown" | "exists" | "invalid" | "stale" | "unconfirmed" | "broken";

export interface LvsError extends GatewayError {
  readonly kind: LvsErrorKind;
  /** Every rule that is broken, of a kind `invalid`. */
  readonly problems: readonly InventoryProblem[];
}

export const isLvsError = (error: GatewayError): error is LvsError => "kind" in error && "problems" in error;

const [unknownCode] = errorInfo.PARAMETER_TYPE_ERROR;
const [invalidCode] = errorInfo.PARAMETER_ERROR;
const [busyCode] = errorInfo.POLICY_BUSY_ERROR;
const [brokenCode] = errorInfo.POLICY_DB_ERROR;

const errorOf = (kind: LvsErrorKind, code: number, desc: string, problems: readonly InventoryProblem[] = []): LvsError => ({
  kind,
  code,
  desc,
  problems,
});

export const clusterUnknown = (name: string): LvsError => errorOf("unknown", unknownCode, `there is no cluster ${JSON.stringify(name)}`);

export const clusterExists = (name: string): LvsError =>
  errorOf("exists", busyCode, `there is a cluster ${name} already`);

export const clusterInvalid = (name: string, problems: readonly InventoryProblem[]): LvsError => {
  const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return errorOf("invalid", invalidCode, `cluster ${name}: ${count}:\n${problems.map(problemText).join("\n")}`, problems);
};

/** Of two who change one cluster, the second is told. */
export const clusterStale = (name: string, expected: number, found: number, by: string): LvsError =>
  errorOf(
    "stale",
    busyCode,
    `cluster ${name} is at version ${found}${by}, not at the expected ${expected}: somebody else changed it; ` +
      "look at it again; nothing was changed",
  );

export const versionNeeded = (name: string, found: number): LvsError =>
  errorOf(
    "stale",
    busyCode,
    `there is a cluster ${name} already, at version ${found}; to replace it, say that this is the version you looked at ` +
      `(--expect ${found}; If-Match in the API); nothing was changed`,
  );

/** @param removed in words, as `7 VIPs (at most 5)`. */
export const removalUnconfirmed = (name: string, removed: string): LvsError =>
  errorOf(
    "unconfirmed",
    busyCode,
    `cluster ${name}: this ${removed}; if that is meant, say so with --allow-removal (allow_removal in the API); nothing was changed`,
  );

export const clusterBroken = (name: string, reason: string): LvsError =>
  errorOf("broken", brokenCode, `what is stored of cluster ${name} cannot be used: ${reason}`);

export const versionUnknown = (name: string, version: number): LvsError =>
  errorOf("unknown", unknownCode, `version ${version} of cluster ${JSON.stringify(name)} is not kept`);

export const versionOfDeletion = (name: string, version: number): LvsError =>
  errorOf("unknown", unknownCode, `version ${version} of cluster ${name} is its deletion; go back to one before it`);

export const itemUnknown = (what: string): LvsError => errorOf("unknown", unknownCode, `there is no ${what}; nothing was changed`);
export const itemExists = (what: string): LvsError => errorOf("exists", busyCode, `there is ${what} already; nothing was changed`);

export const nameFixed = (name: string, found: string): LvsError =>
  errorOf("invalid", invalidCode, `the document is of cluster ${JSON.stringify(found)}, not ${name}; a cluster keeps its name`);

export const fieldUnknown = (field: string, known: readonly string[]): LvsError =>
  errorOf("unknown", unknownCode, `${JSON.stringify(field)} is no field that can be set; there are ${known.join(", ")}`);

export const wstypeInvalid = (problem: InventoryProblem): LvsError =>
  errorOf("invalid", invalidCode, `${pathText(problem.path)} ${problem.text}`.trim(), [problem]);
