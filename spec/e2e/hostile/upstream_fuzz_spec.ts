import { beforeAll, expect, test } from "vitest";
import { noPause } from "../../../src/dygateway/core/result.ts";
import { parseUpstreamBody } from "../../../src/dygateway/core/upstream/parse.ts";
import { WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import type { RawAnswer } from "../support/raw_answer.ts";
import { sendRaw } from "../support/raw_client.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { storeState, type StoreState } from "../support/store_state.ts";
import { useUpstreamCluster } from "../upstreams/upstream_cluster.ts";
import { request } from "./admin_requests.ts";
import { complaint, envelopeOf, revisionOf } from "./answers.ts";
import { drawBody, drawDamagedBody, fuzzedUpstreams, upstreamFuzz } from "./upstream_requests.ts";

const BODIES = numberFrom("UPSTREAM_FUZZ_BODIES", 300);
const REQUESTS = numberFrom("UPSTREAM_FUZZ_REQUESTS", 800);
const SHOWN_BYTES = 1500;

const dice = seededDice("UPSTREAM_FUZZ_SEED");
let nobody = 0;

// Servers that are names are asked for where nobody answers.
const upstreams = useUpstreamCluster({
  config: {
    get dynamic_upstreams() {
      return { resolvers: [`127.0.0.1:${nobody}`] };
    },
  },
});
const { cluster } = upstreams;
let canary = "";
let pids: number[] = [];
const outcomes = new Map<string, number>();

beforeAll(async () => {
  const [server] = await upstreams.servers(1);
  canary = await upstreams.set(`server ${server.address};`, "canary");
  for (const name of fuzzedUpstreams) {
    await upstreams.set(drawBody(dice), name);
  }
  // What is in use is refused for reasons of its own.
  await cluster.divert(cluster.newHost(), { divtype: "uidsuffix", divdata: [{ suffix: "1", upstream: fuzzedUpstreams[0] }] });
  pids = await workerPids(cluster);
  expect(pids).toHaveLength(WORKERS);
});

// The port is drawn before the gateway is rendered.
[nobody = 0] = await freePorts(1);

function count(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

/** A change that is accepted leads to the revision that it announces; anything else leaves everything as it was. */
async function stateAfter(before: StoreState, answer: RawAnswer | undefined, isAccepted: boolean, context: () => string): Promise<StoreState> {
  const now = await storeState(cluster.redis.client);
  const revision = revisionOf(answer);
  if (isAccepted && revision !== undefined) {
    expect(now.revision, now.revision === revision ? "" : context()).toBe(revision);
  } else {
    expect(now, now.digest === before.digest ? "" : context()).toEqual(before);
  }
  return now;
}

async function nothingBroke(): Promise<void> {
  console.info([...outcomes].sort().map(([outcome, times]) => `${outcome}: ${times}`).join(", "));
  expect(await workerPids(cluster)).toEqual(pids);
  await upstreams.everyWorkerAnswers(canary, "s1");
  expectNoFaults(cluster, `UPSTREAM_FUZZ_SEED=${dice.seed}`);
}

test(`${BODIES} damaged bodies by the dyups protocol: each is taken whole or refused with its reason`, { timeout: 600_000 }, async () => {
  outcomes.clear();
  let state = await storeState(cluster.redis.client);
  for (let number = 1; number <= BODIES; number++) {
    const body = drawDamagedBody(dice);
    const bytes = request("POST", `/dyups/upstream/${dice.pick(fuzzedUpstreams)}`, [`Content-Length: ${body.length}`], body);
    const answer = await sendRaw(cluster.adminPort, { bytes });
    const context = (): string =>
      `UPSTREAM_FUZZ_SEED=${dice.seed} body ${number}:\n${JSON.stringify(body.toString("latin1"))}\nanswered ${JSON.stringify(answer).slice(0, SHOWN_BYTES)}`;
    const isTaken = answer?.status === 200 && answer.body === "success";
    const isRefused = answer?.status === 500 && /^add server failed\n[^\n]{20,}\n$/.test(answer.body);
    expect(isTaken || isRefused, isTaken || isRefused ? "" : context()).toBe(true);
    if (isTaken) {
      expect(parseUpstreamBody(body.toString(), noPause).ok, context()).toBe(true);
      expect(revisionOf(answer), context()).toBeDefined();
    }
    state = await stateAfter(state, answer, isTaken, context);
    count(isTaken ? "taken" : "refused");
  }
  await nothingBroke();
  // Where all of them were taken, or none, the damage would prove little.
  expect(outcomes.get("refused") ?? 0).toBeGreaterThan(BODIES / 2);
  expect(outcomes.get("taken") ?? 0).toBeGreaterThan(BODIES / 50);
});

test(`${REQUESTS} hostile requests to /dyupsc_admin: none that is refused changes anything`, { timeout: 600_000 }, async () => {
  outcomes.clear();
  const fuzz = upstreamFuzz(dice);
  let state = await storeState(cluster.redis.client);
  for (let number = 1; number <= REQUESTS; number++) {
    const asked = fuzz.next();
    const answer = await sendRaw(cluster.adminPort, asked);
    const code = answer === undefined ? undefined : envelopeOf(answer)?.code;
    const context = (): string =>
      `UPSTREAM_FUZZ_SEED=${dice.seed} request ${number}, ${asked.about}:\n${JSON.stringify(asked.bytes.toString("latin1").slice(0, SHOWN_BYTES))}\nanswered ${JSON.stringify(answer).slice(0, SHOWN_BYTES)}`;
    const wrong = complaint(asked, answer);
    expect(wrong, wrong === undefined ? "" : context()).toBe(undefined);
    if (code === 50501) {
      // Anything else of that code is an action that broke.
      expect(answer?.body, context()).toContain("there is no such action");
    }
    state = await stateAfter(state, answer, code === 200, context);
    count(`${answer?.status ?? "closed"} ${code ?? ""}`.trim());
  }
  await nothingBroke();
  for (const often of ["200 200", "200 50102", "200 50104"]) {
    expect(outcomes.get(often) ?? 0, often).toBeGreaterThan(REQUESTS / 50);
  }
});
