import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** What a stage came to. A stage that is one check (lint, types) counts as one. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What a reader should know beyond the numbers. */
  readonly note?: string;
  /** What failed and why, in few lines each: the output of a long run is read from its end. */
  readonly failures?: readonly string[];
  /** The same of what failed first and passed when it was run again. */
  readonly unstable?: readonly string[];
}

export function oneCheck(exitCode: number): Tally {
  return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly VitestFile[];
}

interface VitestFile {
  readonly name: string;
  readonly status: string;
  /** Why the file could not be loaded. */
  readonly message?: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly fullName: string;
    readonly failureMessages?: readonly string[];
  }[];
}

function readReport(file: string): VitestReport {
  return JSON.parse(readFileSync(file, "utf8")) as VitestReport;
}

/** The spec files in which something failed, as paths from here. */
export function failedFiles(file: string): string[] {
  const { testResults } = existsSync(file) ? readReport(file) : { testResults: [] };
  return testResults.filter((spec) => failuresOf(spec).length > 0).map(({ name }) => relative(process.cwd(), name));
}

/** Of a reason: what no busy machine explains, so that a second run does not make it good. */
const WRONG_ANSWER = /answers astray/;

/**
 * What two runs come to of which the second was of the files alone in which something had failed.
 *
 * @param before, after reports of the two. @param exitCode of the second.
 */
export function tallyRunAgain(before: string, after: string, exitCode: number): Tally {
  const again = failedFiles(before);
  const { testResults } = readReport(before);
  const settled = testResults.filter(({ name }) => !again.includes(relative(process.cwd(), name)));
  const passed = settled.flatMap((spec) => spec.assertionResults).filter(({ status }) => status === "passed").length;
  const second = tallyVitest(after, exitCode);
  const mended = second.failed === 0 ? testResults.flatMap(failuresOf) : [];
  const wrong = mended.filter((reason) => WRONG_ANSWER.test(reason));
  return {
    ...second,
    passed: passed + second.passed,
    failed: second.failed + wrong.length,
    failures: [...(second.failures ?? []), ...wrong],
    unstable: mended.filter((reason) => !WRONG_ANSWER.test(reason)),
  };
}

/** A file that cannot be loaded has no tests in the report: it counts as one failed test. */
export function tallyVitest(file: string, exitCode: number): Tally {
  if (!existsSync(file)) {
    return { passed: 0, failed: 1, note: "vitest wrote no report" };
  }
  const report = readReport(file);
  const failures = report.testResults.flatMap(failuresOf);
  return settle({ passed: report.numPassedTests, failed: failures.length, failures }, exitCode);
}

function failuresOf({ name, status, message, assertionResults }: VitestFile): string[] {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (failed.length === 0 && status === "failed") {
    return [failure(file, message ?? "cannot be loaded")];
  }
  return failed.map((test) => failure(`${file}: ${test.fullName}`, test.failureMessages?.[0] ?? "without a message"));
}

const reasonLines = 6;
const lineLength = 240;

/** The beginning of the reason is enough to know where to look; all of it stands where the test ran. */
function failure(what: string, reason: string): string {
  const lines = stripVTControlCharacters(reason)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, reasonLines);
  return [what, ...lines.map((line) => `    ${line.slice(0, lineLength)}`)].join("\n");
}

/** @param output TAP as busted writes it: the plan `1..N` comes last, so without it the run was cut short. */
export function tallyTap(output: string, exitCode: number): Tally {
  const lines = output.split("\n");
  const failures = lines.flatMap((line, at) =>
    /^not ok \d+ - /.test(line) ? [failure(line, commentsAfter(lines, at).join("\n"))] : [],
  );
  const passed = lines.filter((line) => /^ok \d+ - (?!# SKIP)/.test(line)).length;
  if (!lines.some((line) => /^1\.\.\d+$/.test(line))) {
    return { passed, failed: failures.length + 1, failures, note: "busted ended before its tests did" };
  }
  return settle({ passed, failed: failures.length, failures }, exitCode);
}

function commentsAfter(lines: readonly string[], at: number): readonly string[] {
  const end = lines.findIndex((line, index) => index > at && !line.startsWith("#"));
  return lines.slice(at + 1, end === -1 ? undefined : end);
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
