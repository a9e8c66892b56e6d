import { lookup, sortedKeys } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { createBalancer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Balancer, Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import { createFailureAccount } from "../../src/dygateway/core/upstream/failure_account.ts";
import type { FailureAccount, FailureEvent } from "../../src/dygateway/core/upstream/failure_account.ts";
import { equal } from "../support/assert.ts";
import { upstreamOf } from "./support/upstreams.ts";

const NOW = 1000;
const bad = "10.0.0.1:80";
const other = "10.0.0.2:80";
const twoServers = `server ${bad} max_fails=2 fail_timeout=10s; server ${other};`;

function balancerOf(body: string): Balancer {
  const plan = { name: "u", upstream: upstreamOf(body), addresses: lookup<readonly string[]>(), previous: undefined };
  return createBalancer({ ...plan, random: () => 0.5, pause: noPause, now: NOW });
}

function failed(at: number): FailureEvent {
  return { kind: "failed", upstream: "u", address: bad, count: 1, at };
}

/** As `<address> <count>@<at>`. */
function knownOf(account: FailureAccount): string[] {
  const known = account.known("u");
  return sortedKeys(known).map((address) => `${address} ${known[address]?.count}@${known[address]?.at}`);
}

/** The peer that fails. */
function firstOf({ peers: [first] }: Balancer): Peer {
  if (first === undefined) {
    throw new Error("it has no peers");
  }
  return first;
}

describe("a leader's account of failures", () => {
  it("begins with what the worker itself has heard, whatever is on record", () => {
    const balancer = balancerOf(twoServers);
    balancer.hearFailure(firstOf(balancer), NOW);
    balancer.hearFailure(firstOf(balancer), NOW + 3);
    const account = createFailureAccount();
    account.watch("u", balancer);
    equal(knownOf(account), [`${bad} 2@1003`]);
  });

  it("has nothing of a peer that has recovered by then", () => {
    const balancer = balancerOf(twoServers);
    balancer.hearFailure(firstOf(balancer), NOW);
    balancer.hearRecovery(firstOf(balancer), NOW + 1);
    const account = createFailureAccount();
    account.watch("u", balancer);
    equal(knownOf(account), []);
  });

  it("counts nothing twice that was heard before it began", () => {
    const balancer = balancerOf(twoServers);
    const account = createFailureAccount();
    balancer.hearFailure(firstOf(balancer), NOW);
    account.hear(failed(NOW), balancer);
    account.watch("u", balancer);
    equal(knownOf(account), [`${bad} 1@1000`]);
  });

  it("counts on, also over a change of the upstream, until the peer recovers", () => {
    const account = createFailureAccount();
    account.watch("u", balancerOf(twoServers));
    account.hear(failed(NOW), balancerOf(twoServers));
    account.watch("u", balancerOf(`${twoServers} server 10.0.0.3:80;`));
    account.hear(failed(NOW + 5), balancerOf(twoServers));
    equal(knownOf(account), [`${bad} 2@1005`]);
    account.hear({ ...failed(NOW + 6), kind: "recovered" }, balancerOf(twoServers));
    equal(knownOf(account), []);
  });

  it("lets go of few that are older than fail_timeout, and not of so many that the peer is left out", () => {
    const account = createFailureAccount();
    const balancer = balancerOf(twoServers);
    account.watch("u", balancer);
    account.hear(failed(NOW), balancer);
    account.hear(failed(NOW + 11), balancer);
    equal(knownOf(account), [`${bad} 1@1011`]);
    account.hear(failed(NOW + 12), balancer);
    account.hear(failed(NOW + 30), balancer);
    equal(knownOf(account), [`${bad} 3@1030`]);
  });

  it("knows nothing of strangers, of peers that went, and of upstreams that are not served", () => {
    const account = createFailureAccount();
    const balancer = balancerOf(twoServers);
    account.watch("u", balancer);
    account.hear({ ...failed(NOW), address: "10.9.9.9:80" }, balancer);
    equal(knownOf(account), []);
    account.hear(failed(NOW), balancer);
    account.watch("u", balancerOf(`server ${other}; server 10.0.0.3:80;`));
    equal(knownOf(account), []);
    account.hear(failed(NOW), balancer);
    account.watch("u", undefined);
    equal(knownOf(account), []);
  });
});
