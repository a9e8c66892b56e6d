import { stages } from "./stages.ts";
import { type Tally } from "./tally.ts";

/** More than these at the end would push the table of the stages out of sight. */
const mostFailures = 20;

/**
 * Runs the stages one after the other, all of them even when one fails, and ends with one line: `N passed, N failed`.
 * ONLY=lint|unit|lua|e2e chooses a group.
 */
async function main(): Promise<void> {
  const only = process.env["ONLY"] ?? "";
  const chosen = stages.filter(({ group }) => only === "" || group === only);
  if (chosen.length === 0) {
    throw new Error(`ONLY=${only}: there is lint, unit, lua and e2e`);
  }
  const summary: string[] = [];
  const failures: string[] = [];
  let passed = 0;
  let failed = buildFailed() ? 1 : 0;
  for (const stage of chosen) {
    console.log(`\n── ${stage.name}`);
    const started = Date.now();
    const tally = await guarded(stage.run);
    passed += tally.passed;
    failed += tally.failed;
    failures.push(...(tally.failures ?? []));
    summary.push(describe(stage.name, tally, Date.now() - started));
    console.log(summary.at(-1));
  }
  console.log(`\n${summary.join("\n")}\n${buildFailed() ? "build                   FAILED\n" : ""}`);
  if (failures.length > 0) {
    console.log(`what failed:\n${failures.slice(0, mostFailures).join("\n")}`);
    console.log(failures.length > mostFailures ? `and ${failures.length - mostFailures} more\n` : "");
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** `make test` goes on after a failed build, to show every failure at once. */
function buildFailed(): boolean {
  return process.env["BUILD_FAILED"] === "1";
}

async function guarded(run: () => Promise<Tally>): Promise<Tally> {
  try {
    return await run();
  } catch (error) {
    console.log(error);
    return { passed: 0, failed: 1, note: "the stage crashed" };
  }
}

function describe(name: string, tally: Tally, milliseconds: number): string {
  const note = tally.note === undefined ? "" : `  (${tally.note})`;
  const counts = `${tally.passed} passed, ${tally.failed} failed`;
  return `${name.padEnd(24)}${counts.padEnd(24)}${(milliseconds / 1000).toFixed(1)} s${note}`;
}

await main();
