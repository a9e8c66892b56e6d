import { expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { sendRaw } from "../support/raw_client.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { storeState } from "../support/store_state.ts";
import { adminFuzz } from "./admin_requests.ts";
import { complaint, envelopeOf, revisionOf } from "./answers.ts";

const REQUESTS = numberFrom("ADMIN_FUZZ_REQUESTS", 4000);
const LOOK_EVERY = 50;
const SHOWN_BYTES = 1500;

const dice = seededDice("ADMIN_FUZZ_SEED");

const cluster = useCluster({
  // What the fuzz calls by a guessed id is not what the canary host is served by.
  beforeGateway: (redis) => redis.client.mset("ab:test:policies:idCount", "5000", "ab:test:policygroups:idCount", "5000"),
});

test(`${REQUESTS} hostile admin requests: each answered with a reason, none that is refused changes anything`, { timeout: 600_000 }, async () => {
  const canary = cluster.newHost();
  await cluster.divert(canary, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] });
  const pids = await workerPids(cluster);
  expect(pids).toHaveLength(WORKERS);
  const fuzz = adminFuzz(dice);
  const outcomes = new Map<string, number>();
  let state = await storeState(cluster.redis.client);

  for (let number = 1; number <= REQUESTS; number++) {
    const request = fuzz.next();
    const answer = await sendRaw(cluster.adminPort, request);
    const now = await storeState(cluster.redis.client);
    const envelope = answer === undefined ? undefined : envelopeOf(answer);
    const outcome = `${answer?.status ?? "closed"} ${envelope?.code ?? ""}`.trim();
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    const context = (): string =>
      `ADMIN_FUZZ_SEED=${dice.seed} request ${number}, ${request.about}:\n${JSON.stringify(request.bytes.toString("latin1").slice(0, SHOWN_BYTES))}\nanswered ${JSON.stringify(answer).slice(0, SHOWN_BYTES)}`;

    const wrong = complaint(request, answer);
    expect(wrong, wrong === undefined ? "" : context()).toBe(undefined);
    const revision = revisionOf(answer);
    // HEAD has no body to be refused in.
    const accepted = revision !== undefined && (envelope?.code === 200 || request.isHead === true);
    if (accepted) {
      expect(now.revision, now.revision === revision ? "" : context()).toBe(revision);
    } else {
      expect(now, now.digest === state.digest ? "" : context()).toEqual(state);
    }
    state = now;
    const { data } = envelope ?? {};
    if (accepted && data !== undefined) {
      fuzz.learn([...(data.group ?? []), ...(data.policyid === undefined ? [] : [data.policyid])], data.groupid === undefined ? [] : [data.groupid]);
    }
    if (number % LOOK_EVERY === 0) {
      const reached = [await cluster.ask(canary, { headers: { "X-Uid": "11" } }), await cluster.ask(canary, { headers: { "X-Uid": "12" } })];
      expect(reached, reached.join() === "beta1,stable" ? "" : context()).toEqual(["beta1", "stable"]);
    }
  }
  console.info([...outcomes].sort().map(([outcome, count]) => `${outcome}: ${count}`).join(", "));
  expect(await workerPids(cluster)).toEqual(pids);
  expectNoFaults(cluster, `ADMIN_FUZZ_SEED=${dice.seed}`);
  // A fuzz that nothing gets past the door with, or nothing is refused of, would prove little.
  expect(outcomes.get("200 200") ?? 0).toBeGreaterThan(REQUESTS / 50);
  expect(outcomes.get("200 50201") ?? 0).toBeGreaterThan(REQUESTS / 50);
});
