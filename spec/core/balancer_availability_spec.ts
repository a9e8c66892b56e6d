import type { Balancer, Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import { balancerOf, failOnce, sequence, server, upstreamOf } from "../cases/balancer_runs.ts";
import { defined, equal, isTrue } from "../support/assert.ts";

function pick(balancer: Balancer, now: number, tried?: readonly Peer[]): Peer {
  return defined(balancer.pick("", now, tried), "a peer");
}

function shares(balancer: Balancer, count: number, now: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const address of sequence(balancer, count, now).split(" ")) {
    counts[address] = (counts[address] ?? 0) + 1;
  }
  return counts;
}

describe("a peer that fails", () => {
  it("is left out for fail_timeout, tried with one request, and back after its success", () => {
    const balancer = balancerOf(upstreamOf([server("a:1"), server("b:1")]));
    const peer = pick(balancer, 1000);
    isTrue(failOnce(balancer, peer, 1000), "one failure is enough");
    equal(sequence(balancer, 3, 1010), "b:1 b:1 b:1");
    const chosen = [1, 2, 3, 4, 5].map(() => pick(balancer, 1011).address);
    equal(chosen, ["b:1", "b:1", "a:1", "b:1", "b:1"]);
    balancer.release(peer, 1011);
    equal(balancer.succeeded(peer, 1011), true);
    isTrue(sequence(balancer, 4, 1011).indexOf("a:1") >= 0, "it is back");
  });

  it("tells others again when its trial fails", () => {
    const balancer = balancerOf(upstreamOf([server("a:1", { maxFails: 2 }), server("b:1", { down: true }), server("c:1")]));
    const peer = pick(balancer, 1000);
    equal(failOnce(balancer, peer, 1000), false);
    equal(balancer.failed(peer, 1000), true);
    equal(balancer.failed(peer, 1020), true);
    equal(peer.failures, 3);
  });

  it("never, with max_fails=0, and never when it is the only one", () => {
    const careless = balancerOf(upstreamOf([server("a:1", { maxFails: 0 }), server("b:1", { backup: true })]));
    equal(failOnce(careless, pick(careless, 1000), 1000), false);
    equal(sequence(careless, 2), "a:1 a:1");
    const alone = balancerOf(upstreamOf([server("a:1")]));
    const peer = pick(alone, 1000);
    equal(failOnce(alone, peer, 1000), false);
    equal(alone.pick("", 1000, [peer]), undefined);
    equal([sequence(alone, 2), alone.panics()], ["a:1 a:1", 0]);
  });

  it("leads to the backups, and the backups to nobody but the backups", () => {
    const servers = [server("a:1"), server("b:1", { backup: true }), server("c:1", { backup: true }), server("d:1", { down: true })];
    const balancer = balancerOf(upstreamOf(servers));
    const first = pick(balancer, 1000);
    failOnce(balancer, first, 1000);
    const second = pick(balancer, 1000, [first]);
    equal(second.address, "b:1");
    failOnce(balancer, second, 1000);
    equal(pick(balancer, 1020, [first, second]).address, "c:1");
    equal(balancer.tries, 3);
  });

  it("is heard of from other workers, without being counted here", () => {
    const balancer = balancerOf(upstreamOf([server("a:1"), server("b:1")]));
    const [peer] = balancer.peers;
    balancer.hearFailure(defined(peer, "a"), 1000);
    equal([sequence(balancer, 2), peer?.failures], ["b:1 b:1", 0]);
    balancer.hearRecovery(defined(peer, "a"), 1000);
    isTrue(sequence(balancer, 2).indexOf("a:1") >= 0, "it is back");
  });
});

describe("when nobody is left", () => {
  it("all are marked live and tried, one after the other, and it is counted once a request", () => {
    const balancer = balancerOf(upstreamOf([server("a:1"), server("b:1"), server("c:1", { backup: true })]));
    for (let request = 0; request < 3; request++) {
      const tried: Peer[] = [];
      for (;;) {
        const peer = balancer.pick("", 1000, tried.length === 0 ? undefined : tried);
        if (peer === undefined) {
          break;
        }
        tried.push(peer);
        failOnce(balancer, peer, 1000);
      }
      equal(tried.length, 3, `request ${request}`);
      equal(balancer.panics(), request);
    }
    const peer = pick(balancer, 1000);
    balancer.release(peer, 1000);
    balancer.succeeded(peer, 1000);
    equal([balancer.panics(), sequence(balancer, 4).indexOf("-")], [3, -1]);
  });

  it("also those that the active check has down are tried, when there are no others", () => {
    const balancer = balancerOf(upstreamOf([server("a:1"), server("b:1"), server("c:1", { down: true })]));
    for (const peer of balancer.peers) {
      balancer.setHealthy(peer, false, 1000);
    }
    const first = pick(balancer, 1000);
    failOnce(balancer, first, 1000);
    const second = pick(balancer, 1000, [first]);
    equal([first.address, second.address].sort(), ["a:1", "b:1"]);
    equal(balancer.panics(), 1);
    equal(balancer.state(second, 1000).open, false);
    balancer.setHealthy(second, true, 1000);
    equal([sequence(balancer, 2), balancer.panics()], [`${second.address} ${second.address}`, 1]);
  });

  it("those that are down, drained or full stay so", () => {
    const servers = [server("a:1", { down: true }), server("b:1", { drain: true }), server("c:1", { maxConns: 1 })];
    const balancer = balancerOf(upstreamOf(servers));
    equal(pick(balancer, 1000).address, "c:1");
    equal(balancer.pick("", 1000, undefined), undefined);
    equal(balancer.panics(), 0);
    equal(balancerOf(upstreamOf([])).pick("", 1000, undefined), undefined);
  });
});

describe("a slow start", () => {
  const slow = [server("a:1", { slowStart: 100 }), server("b:1")];

  it("grows with the seconds after a recovery, and ends at the full weight", () => {
    const balancer = balancerOf(upstreamOf(slow));
    const [peer] = balancer.peers;
    balancer.setHealthy(defined(peer, "a"), false, 1000);
    balancer.setHealthy(defined(peer, "a"), true, 1000);
    const growth = [1000, 1025, 1050, 1100].map((now) => shares(balancer, 400, now)["a:1"] ?? 0);
    const expected = [4, 82, 134, 200];
    for (let i = 0; i < growth.length; i++) {
      isTrue(Math.abs((growth[i] ?? 0) - (expected[i] ?? 0)) <= 3, `${growth.join(" ")} is about ${expected.join(" ")}`);
    }
  });

  it("begins after failures that are over, and when a server comes back from down; not with a new one", () => {
    const failed = balancerOf(upstreamOf(slow));
    const peer = pick(failed, 1000);
    failOnce(failed, peer, 1000);
    sequence(failed, 3, 1011);
    isTrue((shares(failed, 100, 1011)["a:1"] ?? 0) < 10, "after failures");

    const down = balancerOf(upstreamOf([server("a:1", { slowStart: 100, down: true }), server("b:1")]));
    const back = balancerOf(upstreamOf(slow), { previous: down });
    isTrue((shares(back, 100, 1000)["a:1"] ?? 0) < 10, "after down");
    const kept = balancerOf(upstreamOf(slow), { previous: back });
    isTrue((shares(kept, 100, 1000)["a:1"] ?? 0) < 10, "an edit does not end it");

    const added = balancerOf(upstreamOf(slow), { previous: balancerOf(upstreamOf([server("b:1")])) });
    equal(shares(added, 100, 1000)["a:1"], 50);
  });
});
