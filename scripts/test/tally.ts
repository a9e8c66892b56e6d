import { existsSync, readFileSync } from "node:fs";

/** What a stage came to. A stage that is one check (lint, types) counts as one. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What a reader should know beyond the numbers. */
  readonly note?: string;
}

export function oneCheck(exitCode: number): Tally {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A file that cannot be loaded has no tests in the report: it counts as one failed test. */
export function tallyVitest(file: string, exitCode: number): Tally {
  if (!existsSync(file)) {
    return { passed: 0, failed: 1, note: "vitest wrote no report" };
  }
  const report = JSON.parse(readFileSync(file, "utf8")) as VitestReport;
  let failed = 0;
  for (const { status, assertionResults } of report.testResults) {
    const failures = assertionResults.filter((test) => test.status === "failed").length;
    failed += failures === 0 && status === "failed" ? 1 : failures;
  }
  return settle({ passed: report.numPassedTests, failed }, exitCode);
}

/** @param output TAP as busted writes it: the plan `1..N` comes last, so without it the run was cut short. */
export function tallyTap(output: string, exitCode: number): Tally {
  const lines = output.split("\n");
  const passed = lines.filter((line) => /^ok \d+ - (?!# SKIP)/.test(line)).length;
  const failed = lines.filter((line) => /^not ok \d+ - /.test(line)).length;
  if (!lines.some((line) => /^1\.\.\d+$/.test(line))) {
    return { passed, failed: failed + 1, note: "busted ended before its tests did" };
  }
  return settle({ passed, failed }, exitCode);
}

/** A runner that fails without a failed test has crashed; one that ran nothing has proved nothing. */
function settle(tally: Tally, exitCode: number): Tally {
  if (tally.passed === 0 && tally.failed === 0) {
    return { passed: 0, failed: 1, note: "no test was run" };
  }
  if (tally.failed === 0 && exitCode !== 0) {
    return { ...tally, failed: 1, note: `all tests passed, and yet the exit code is ${exitCode}` };
  }
  return tally;
}
