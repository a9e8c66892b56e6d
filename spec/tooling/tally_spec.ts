import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failedFiles, oneCheck, tallyRunAgain, tallyTap, tallyVitest } from "../../scripts/test/tally.ts";
import { temporaryDirectory, writeTree } from "./support/sandbox.ts";

describe("the count of make test", () => {
  it.each([
    ["all pass", "ok 1 - a\nok 2 - b\n1..2\n", 0, { passed: 2, failed: 0 }],
    ["one fails", "ok 1 - a\nnot ok 2 - b\n# why\n1..2\n", 1, { passed: 1, failed: 1 }],
    ["a skipped test proves nothing", "ok 1 - a\nok 2 - # SKIP b\n1..2\n", 0, { passed: 1, failed: 0 }],
    ["cut short", "ok 1 - a\n", 139, { passed: 1, failed: 1 }],
    ["no test", "1..0\n", 0, { passed: 0, failed: 1 }],
    ["passed, but exits with an error", "ok 1 - a\n1..1\n", 3, { passed: 1, failed: 1 }],
  ])("busted: %s", (_, output, exitCode, expected) => {
    expect(tallyTap(output, exitCode)).toMatchObject(expected);
  });

  const passed = { name: "a_spec.ts", status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }] };
  const failed = {
    name: "b_spec.ts",
    status: "failed",
    assertionResults: [{ status: "failed", fullName: "two is three", failureMessages: ["\u001b[31mno\u001b[39m\n\n  at b_spec.ts:3"] }, { status: "passed" }],
  };
  const unloadable = { name: "c_spec.ts", status: "failed", message: "no such module", assertionResults: [] };

  it.each([
    ["all pass", { numPassedTests: 2, testResults: [passed] }, 0, { passed: 2, failed: 0 }],
    ["one fails", { numPassedTests: 3, testResults: [passed, failed] }, 1, { passed: 3, failed: 1 }],
    ["a file cannot be loaded", { numPassedTests: 2, testResults: [passed, unloadable] }, 1, { passed: 2, failed: 1 }],
    ["an error outside of tests", { numPassedTests: 2, testResults: [passed] }, 1, { passed: 2, failed: 1 }],
    ["no test", { numPassedTests: 0, testResults: [] }, 1, { passed: 0, failed: 1, note: "no test was run" }],
  ])("vitest: %s", (_, report, exitCode, expected) => {
    const directory = temporaryDirectory();
    writeTree(directory, { "report.json": JSON.stringify(report) });
    expect(tallyVitest(join(directory, "report.json"), exitCode)).toMatchObject(expected);
  });

  it("names what failed, and why, in few lines", () => {
    const directory = temporaryDirectory();
    const report = { numPassedTests: 3, testResults: [passed, failed, unloadable] };
    writeTree(directory, { "report.json": JSON.stringify(report) });
    expect(tallyVitest(join(directory, "report.json"), 1).failures).toEqual([
      "b_spec.ts: two is three\n    no\n      at b_spec.ts:3",
      "c_spec.ts\n    no such module",
    ]);
    expect(tallyTap("ok 1 - a\nnot ok 2 - b\n# why\n# where\nok 3 - c\n1..3\n", 1).failures).toEqual(["not ok 2 - b\n    # why\n    # where"]);
  });

  it("counts what was run again, and names what passed only then", () => {
    const directory = temporaryDirectory();
    const before = join(directory, "before.json");
    const after = join(directory, "after.json");
    const bothPassed = { name: "b_spec.ts", status: "passed", assertionResults: [{ status: "passed" }, { status: "passed" }] };
    writeTree(directory, {
      "before.json": JSON.stringify({ numPassedTests: 3, testResults: [passed, failed] }),
      "after.json": JSON.stringify({ numPassedTests: 2, testResults: [bothPassed] }),
    });
    expect(failedFiles(before)).toEqual(["b_spec.ts"]);
    expect(tallyRunAgain(before, after, 0)).toMatchObject({ passed: 4, failed: 0, unstable: ["b_spec.ts: two is three\n    no\n      at b_spec.ts:3"] });
    expect(tallyRunAgain(before, before, 1)).toMatchObject({ passed: 5, failed: 1, unstable: [] });
    const astray = { ...failed, assertionResults: [{ status: "failed", fullName: "switch", failureMessages: ["answers astray: 1"] }] };
    writeTree(directory, { "before.json": JSON.stringify({ numPassedTests: 2, testResults: [passed, astray] }) });
    expect(tallyRunAgain(before, after, 0), "a wrong answer").toMatchObject({
      failed: 1,
      failures: [expect.stringContaining("answers astray: 1")],
      unstable: [],
    });
  });

  it("counts a vitest that crashed before it wrote a report", () => {
    expect(tallyVitest("/nonexistent/report.json", 1)).toMatchObject({ passed: 0, failed: 1 });
  });

  it("counts a check as one", () => {
    expect([oneCheck(0), oneCheck(2)]).toEqual([
      { passed: 1, failed: 0 },
      { passed: 0, failed: 1 },
    ]);
  });
});
