import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { freePorts } from "../support/free_ports.ts";
import { generousHttp, namedServers, startNativeNginx, type NativeNginx } from "../support/native_nginx.ts";
import { askAll } from "../support/pipelined_client.ts";
import type { RawAnswer } from "../support/raw_answer.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { temporaryFolder } from "../support/installation.ts";
import { upstreams } from "./draft.ts";
import { drawRequest, drawScenarios, everyProbe, nativeHttp, type Scenario } from "./scenario.ts";

const REQUESTS = numberFrom("ORACLE_REQUESTS", 100_000);
const SCENARIOS = numberFrom("ORACLE_POLICIES", 60);
const BATCH = 5000;
const SHOWN = 5;

const dice = seededDice("ORACLE_SEED");
const scenarios = drawScenarios(dice, SCENARIOS);
let ports: Record<string, number> = {};
let servers: NativeNginx | undefined;
let oracle: NativeNginx | undefined;
let oraclePort = 0;
const folder = temporaryFolder();

beforeAll(async () => {
  const free = await freePorts(upstreams.length + 1);
  oraclePort = free.pop() ?? 0;
  ports = Object.fromEntries(upstreams.map((name, i) => [name, free[i] ?? 0]));
  servers = await startNativeNginx(join(folder, "servers"), namedServers(ports), ports["stable"] ?? 0);
  oracle = await startNativeNginx(join(folder, "oracle"), nativeHttp(scenarios, oraclePort), oraclePort);
});
afterAll(async () => {
  await oracle?.stop();
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The upstream's name, or the status of a request that nginx does not take. */
function outcome(answer: RawAnswer | undefined): string {
  return answer?.status === 200 ? answer.body.trim() : `HTTP ${answer?.status}`;
}

const cluster = useCluster({
  prepare: (own) => {
    writeFileSync(join(own.folder, "http.conf"), generousHttp);
  },
  config: (own) => ({
    include: join(own.folder, "http.conf"),
    upstreams: Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, { servers: [`127.0.0.1:${port}`] }])),
  }),
});

interface Asked {
  readonly scenario: Scenario;
  readonly request: Buffer;
}

/** First every edge of every range, and one to each side of it; then what chance brings, up to `REQUESTS` in all. */
function drawAll(): Asked[] {
  const asked = scenarios.flatMap((scenario) => everyProbe(dice, scenario).map((request) => ({ scenario, request })));
  console.info(`${asked.length} requests for every edge and other value worth sending, ${Math.max(0, REQUESTS - asked.length)} more by chance`);
  while (asked.length < REQUESTS) {
    const scenario = dice.pick(scenarios);
    asked.push({ scenario, request: drawRequest(dice, scenario) });
  }
  return asked;
}

test(`${REQUESTS} requests under ${SCENARIOS} random policy groups reach what nginx's own directives choose`, { timeout: 600_000 }, async () => {
  for (const { host, levels } of scenarios) {
    await cluster.divert(host, ...levels.map((level) => level.policy));
  }
  const { data } = await cluster.done("status");
  expect(data.broken).toEqual([]);

  const differences: string[] = [];
  const reached = new Map<string, number>();
  const all = drawAll();
  for (let done = 0; done < all.length; done += BATCH) {
    const asked = all.slice(done, done + BATCH);
    const requests = asked.map(({ request }) => request);
    const [ours, theirs] = await Promise.all([askAll(cluster.port, requests), askAll(oraclePort, requests)]);
    for (const [i, { scenario, request }] of asked.entries()) {
      const our = outcome(ours[i]);
      const their = outcome(theirs[i]);
      reached.set(their, (reached.get(their) ?? 0) + 1);
      if (our !== their) {
        const policies = scenario.levels.map((level, j) => `level ${j + 1}: ${JSON.stringify(level.policy).slice(0, 1500)}`);
        differences.push([...policies, JSON.stringify(request.toString("latin1")), `dygateway: ${our}`, `nginx: ${their}`].join("\n"));
      }
    }
  }
  console.info([...reached].map(([answer, count]) => `${answer}: ${count}`).join(", "));
  expect(differences.slice(0, SHOWN).join("\n\n"), `answers astray: ${differences.length}, ORACLE_SEED=${dice.seed}`).toBe("");
  // A test that no rule is met in would prove nothing.
  for (const upstream of upstreams) {
    expect(reached.get(upstream)).toBeGreaterThan(0);
  }
});
