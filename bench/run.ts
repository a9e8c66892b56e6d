import { findNginx } from "../src/node/render/nginx_binary.ts";
import { describeMachine } from "./report/machine.ts";
import { sectionText, writeResults } from "./report/results_file.ts";
import type { Bench, SectionReport } from "./report/section.ts";
import { say } from "./say.ts";
import { measureChanges } from "./sections/changes.ts";
import { measureHostkeys } from "./sections/hostkeys.ts";
import { measureInstructions } from "./sections/instructions.ts";
import { measureLoad } from "./sections/load.ts";
import { measureLvs } from "./sections/lvs.ts";
import { measureMemory } from "./sections/memory.ts";
import { measureMicro } from "./sections/micro.ts";
import { measureUpstreamChanges } from "./sections/upstream_changes.ts";
import { measureUpstreamScale } from "./sections/upstream_scale.ts";
import { measureUpstreams } from "./sections/upstreams.ts";
import { measureVariants } from "./sections/variants.ts";
import { BenchError, sectionNames, type BenchSettings, type SectionName } from "./settings.ts";
import { startBackend } from "./stand/backend.ts";
import { startRedis } from "./stand/redis.ts";
import { pinning, type Stand } from "./stand/stand.ts";

const measurements: Readonly<Record<SectionName, (bench: Bench) => Promise<SectionReport>>> = {
  variants: measureVariants,
  instructions: measureInstructions,
  memory: measureMemory,
  load: measureLoad,
  changes: measureChanges,
  hostkeys: measureHostkeys,
  upstreams: measureUpstreams,
  upstream_changes: measureUpstreamChanges,
  upstream_scale: measureUpstreamScale,
  micro: measureMicro,
  lvs: measureLvs,
};

/** `make bench`: measures section by section; the report has whatever was measured before one failed. */
export async function runBench(settings: BenchSettings, stand: Stand): Promise<void> {
  const found = findNginx({}, process.env);
  if (!found.ok) {
    throw new BenchError(`${found.reason}. \`make setup\` installs what is missing.`);
  }
  const nginx = found.nginx.path;
  const machine = describeMachine(nginx);
  console.log(machine.join("\n"));
  const pins = pinning();
  const redis = await startRedis(stand, false);
  const backends = await startBackend(stand, nginx, pins.backend);
  const site = { stand, nginx, prefix: stand.install(), redisSocket: redis.socket, backends };
  const bench: Bench = { settings, site, redis, pins };
  const reports = new Map<SectionName, SectionReport>();
  try {
    for (const name of settings.only) {
      say(`── ${name}`);
      const report = await measurements[name](bench);
      await redis.client.flushall();
      reports.set(name, report);
      writeResults(settings, machine, command(settings), reports);
      console.log(`\n${report.title}\n\n${sectionText(report, settings.scale)}\n`);
    }
  } finally {
    redis.client.disconnect();
  }
  say(`written to ${settings.results}`);
}

/** As it can be typed again. */
function command({ rounds, seconds, scale, only }: BenchSettings): string {
  const some = only.length === sectionNames.length ? "" : ` ONLY=${only.join(",")}`;
  return `make bench ROUNDS=${rounds} SECONDS=${seconds} SCALE=${scale}${some}`;
}
