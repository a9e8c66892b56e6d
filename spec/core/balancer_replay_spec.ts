import type { Balancer } from "../../src/dygateway/core/upstream/balancer.ts";
import { balancerOf, failOnce, randomServers, sequence, server, upstreamOf } from "../cases/balancer_runs.ts";
import { random } from "../cases/random.ts";
import { defined, equal, isTrue } from "../support/assert.ts";

function isReplaying(balancer: Balancer): boolean {
  return balancer.peers[0]?.group.replaying === true;
}

describe("the recorded period of smooth weighted round robin", () => {
  it("is replayed soon after the start, and interleaves as nginx does", () => {
    const balancer = balancerOf(upstreamOf([server("a:1", { weight: 5 }), server("b:1"), server("c:1")]));
    equal(sequence(balancer, 7), "a:1 a:1 b:1 a:1 c:1 a:1 a:1");
    sequence(balancer, 14);
    isTrue(isReplaying(balancer), "replayed");
    equal(sequence(balancer, 7), "a:1 a:1 b:1 a:1 c:1 a:1 a:1");
  });

  it("comes back after failures, also with peers that stay out, and after edits", () => {
    const dice = random(404);
    for (let i = 0; i < 60; i++) {
      const servers = randomServers(dice, false).map((each) => ({ ...each, maxConns: 0 }));
      let balancer = balancerOf(upstreamOf(servers));
      sequence(balancer, dice.below(50));
      for (let failure = dice.below(3); failure > 0; failure--) {
        const peer = balancer.pick("", 1000, undefined);
        if (peer !== undefined) {
          failOnce(balancer, peer, 1000);
        }
      }
      if (dice.below(2) === 0) {
        const changed = servers.map((each) => ({ ...each, weight: dice.below(3) > 0 ? each.weight : 7 }));
        balancer = balancerOf(upstreamOf(changed), { previous: balancer });
      }
      sequence(balancer, 4000, 1100);
      isTrue(isReplaying(balancer) || balancer.tries === 0, `upstream ${i}`);
    }
  });

  it("is as long as the weights need, for a thousand peers; a longer one is done without", () => {
    const many = [];
    for (let i = 0; i < 1000; i++) {
      many.push(server(`10.0.${i % 4}.${Math.floor(i / 4)}:80`, { weight: (i % 3) + 1 }));
    }
    const balancer = balancerOf(upstreamOf(many));
    sequence(balancer, 4100);
    isTrue(isReplaying(balancer), "1,999 choices repeat");
    const total = 65537;
    const long = balancerOf(upstreamOf([server("a:1", { weight: total - 1 }), server("b:1")]));
    sequence(long, 2 * total + 20);
    equal(isReplaying(long), false);
    const turns = sequence(long, total).split(" ");
    equal(turns.filter((address) => address === "b:1").length, 1);
  });

  it("shows the current weights that nginx would have, and goes on", () => {
    const servers = [server("a:1", { weight: 5 }), server("b:1"), server("c:1")];
    const replayed = balancerOf(upstreamOf(servers));
    sequence(replayed, 70);
    const shown: string[] = [];
    for (let i = 0; i < 7; i++) {
      sequence(replayed, 1);
      shown.push(replayed.peers.map((peer) => replayed.state(peer, 1000).currentWeight).join(" "));
    }
    equal(shown, ["-2 1 1", "-4 2 2", "1 -4 3", "-1 -3 4", "4 -2 -2", "2 -1 -1", "0 0 0"]);
    isTrue(isReplaying(replayed), "replayed");
  });

  it("is left without a seam by a peer that fails in the middle of it", () => {
    const servers = [server("a:1", { weight: 3, maxFails: 3 }), server("b:1", { weight: 2 }), server("c:1")];
    for (let at = 0; at < 12; at++) {
      const replayed = balancerOf(upstreamOf(servers));
      sequence(replayed, 60 + at);
      isTrue(isReplaying(replayed), "replayed");
      const live = balancerOf(upstreamOf(servers));
      sequence(live, at % 6);
      for (const balancer of [replayed, live]) {
        failOnce(balancer, defined(balancer.pick("", 1000, undefined), "a peer"), 1000);
      }
      equal(sequence(replayed, 30), sequence(live, 30), `failure at ${at}`);
    }
  });
});
