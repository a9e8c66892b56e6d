import { inspect } from "node:util";
import { runBench } from "./run.ts";
import { say } from "./say.ts";
import { BenchError, readBenchSettings, readSoakSettings } from "./settings.ts";
import { runSoak } from "./soak/run.ts";
import { Stand } from "./stand/stand.ts";

/** @returns the exit code. */
async function work(stand: Stand): Promise<number> {
  const command = process.argv[2];
  if (command === "run") {
    await runBench(readBenchSettings(process.env), stand);
    return 0;
  }
  if (command === "soak") {
    return (await runSoak(readSoakSettings(process.env), stand)) ? 0 : 1;
  }
  throw new BenchError(`there is 'run' and 'soak', not '${command ?? ""}'`);
}

function explain(error: unknown, stand: Stand): string {
  if (error instanceof BenchError) {
    return error.message;
  }
  return `${inspect(error)}\n${stand.outputEnd()}`;
}

/** Whatever happens, everything that was started ends. */
async function main(): Promise<number> {
  const stand = new Stand();
  const interrupted = new Promise<number>((resolve) => {
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
      process.on(signal, () => {
        say("stopping");
        resolve(code);
      });
    }
  });
  const done = work(stand).catch((error: unknown) => {
    console.error(explain(error, stand));
    return 1;
  });
  const code = await Promise.race([done, interrupted]);
  await stand.stop();
  return code;
}

process.exit(await main());
