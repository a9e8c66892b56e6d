import { inspect } from "node:util";
import { phases, type Say, type Stage } from "./stages.ts";
import { type Tally } from "./tally.ts";

/** More than these at the end would push the table of the stages out of sight. */
const mostFailures = 20;

/**
 * Runs the stages as their phases and lanes say, all of them even when one fails, and ends with one line:
 * `N passed, N failed`. ONLY=lint|unit|lua|e2e chooses a group.
 */
async function main(): Promise<void> {
  const only = process.env["ONLY"] ?? "";
  const chosen = phases.map((lanes) => lanes.map((lane) => lane.filter(({ group }) => only === "" || group === only)).filter((lane) => lane.length > 0));
  const ended: Ended[] = [];
  for (const lanes of chosen) {
    ended.push(...(await runPhase(lanes)));
  }
  if (ended.length === 0) {
    throw new Error(`ONLY=${only}: there is lint, unit, lua and e2e`);
  }
  const sum = (count: (tally: Tally) => number): number => ended.reduce((total, { tally }) => total + count(tally), 0);
  const failures = ended.flatMap(({ tally }) => tally.failures ?? []);
  console.log(`\n${ended.map(({ summary }) => summary).join("\n")}\n${buildFailed() ? "build                   FAILED\n" : ""}`);
  if (failures.length > 0) {
    console.log(`what failed:\n${failures.slice(0, mostFailures).join("\n")}`);
    console.log(failures.length > mostFailures ? `and ${failures.length - mostFailures} more\n` : "");
  }
  const unstable = ended.flatMap(({ tally }) => tally.unstable ?? []);
  if (unstable.length > 0) {
    console.log(`unstable: failed first, and passed when its file was run again:\n${unstable.join("\n")}\n`);
  }
  const failed = sum((tally) => tally.failed) + (buildFailed() ? 1 : 0);
  console.log(`${sum((tally) => tally.passed)} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

interface Ended {
  readonly tally: Tally;
  readonly summary: string;
}

/** The first lane is shown as it goes on; what the others say is kept together, and shown when their stage has ended. */
async function runPhase(lanes: readonly (readonly Stage[])[]): Promise<Ended[]> {
  const runs = lanes.map(async (lane, at) => {
    const ended: Ended[] = [];
    for (const stage of lane) {
      ended.push(await runStage(stage, at === 0));
    }
    return ended;
  });
  return (await Promise.all(runs)).flat();
}

async function runStage(stage: Stage, shownAtOnce: boolean): Promise<Ended> {
  const kept: string[] = [];
  const say: Say = shownAtOnce ? console.log : (line) => kept.push(line);
  say(`\n── ${stage.name}`);
  const started = Date.now();
  const tally = await guarded(stage, say);
  const summary = describe(stage.name, tally, Date.now() - started);
  say(summary);
  if (kept.length > 0) {
    console.log(`${kept.join("\n")}\n`);
  }
  return { tally, summary };
}

/** `make test` goes on after a failed build, to show every failure at once. */
function buildFailed(): boolean {
  return process.env["BUILD_FAILED"] === "1";
}

async function guarded(stage: Stage, say: Say): Promise<Tally> {
  try {
    return await stage.run(say);
  } catch (error) {
    say(inspect(error));
    return { passed: 0, failed: 1, note: "the stage crashed" };
  }
}

function describe(name: string, tally: Tally, milliseconds: number): string {
  const note = tally.note === undefined ? "" : `  (${tally.note})`;
  const counts = `${tally.passed} passed, ${tally.failed} failed`;
  return `${name.padEnd(24)}${counts.padEnd(24)}${(milliseconds / 1000).toFixed(1)} s${note}`;
}

await main();
