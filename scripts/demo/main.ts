import { isatty } from "node:tty";
import { serveBackends } from "./backends.ts";
import { aliveServices, forgetServices } from "./run_dir.ts";
import { answerOf, curlLine, sampleCalls } from "./sample.ts";
import { stopService } from "./services.ts";
import { DemoError, readSettings, type Settings, stopCommand } from "./settings.ts";
import { Demo } from "./start.ts";

async function run(settings: Settings): Promise<void> {
  const started = Date.now();
  const say = (line: string): void => {
    console.log(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${line}`);
  };
  const demo = new Demo(settings, say);
  const stopAsked = new Promise<string>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        resolve(signal);
      });
    }
  });
  // A terminal that is gone takes the output with it; the services still have to be stopped.
  void terminalGone().then(() => process.emit("SIGHUP"));
  process.stdout.on("error", () => undefined);
  process.stderr.on("error", () => undefined);

  const up = demo.start().then(() => "up" as const);
  try {
    if ((await Promise.race([up, stopAsked])) === "up") {
      printCalls(settings);
      if (settings.detach) {
        console.log(`It runs on in the background; end it with: ${stopCommand(settings)}`);
        demo.letGo();
        process.exit(0);
      }
      console.log("Ctrl-C stops everything.");
      await Promise.race([stopAsked, demo.failure().then((error) => Promise.reject(error))]);
    }
  } catch (error) {
    await demo.stop();
    throw error;
  }
  say("stopping");
  await demo.stop();
  say("everything is stopped");
  process.exit(0);
}

/** Settles when the terminal this was started on is closed: where make leads the session, no signal says so. */
function terminalGone(): Promise<void> {
  return new Promise((resolve) => {
    if (isatty(1)) {
      const watch = setInterval(() => {
        if (!isatty(1)) {
          clearInterval(watch);
          resolve();
        }
      }, 500);
    }
  });
}

function printCalls(settings: Settings): void {
  const lines = sampleCalls.map((call) => [curlLine(call, settings.port), answerOf(call.upstream)] as const);
  const width = Math.max(...lines.map(([curl]) => curl.length));
  console.log(`\nTry, in another terminal:\n`);
  for (const [curl, answer] of lines) {
    console.log(`  ${curl.padEnd(width)}   → ${answer}`);
  }
  console.log("");
}

async function stop(settings: Settings): Promise<void> {
  const services = aliveServices(settings.runDir);
  for (const service of [...services].reverse()) {
    await stopService(service);
    console.log(`${service.name} stopped`);
  }
  forgetServices(settings.runDir);
  if (services.length === 0) {
    console.log(`no demo is running in ${settings.runDir}`);
  }
}

async function main(): Promise<void> {
  const [command, argument] = process.argv.slice(2);
  switch (command) {
    case "start":
      return run(readSettings(process.env));
    case "stop":
      return stop(readSettings(process.env));
    case "backends":
      serveBackends(Number(argument));
      return;
    default:
      throw new Error(`unknown command ${command ?? ""}`);
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof DemoError ? `demo: ${error.message}` : error);
  process.exit(1);
}
