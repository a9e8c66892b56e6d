import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { prepareBalancer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Balancer, Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Server } from "../../src/dygateway/core/upstream/model.ts";
import { balancerOf, failOnce, sequence, server, upstreamOf } from "../cases/balancer_runs.ts";
import { random } from "../cases/random.ts";
import { defined, equal, isTrue } from "../support/assert.ts";

function edited(previous: Balancer, servers: readonly Server[], now = 1000): Balancer {
  return balancerOf(upstreamOf(servers, previous.upstream.balance), { previous, now });
}

function peerAt(balancer: Balancer, address: string): Peer {
  return defined(
    balancer.peers.find((peer) => peer.address === address),
    address,
  );
}

/** Connections, failures that count, and whether it may be chosen. */
function standing(balancer: Balancer, peer: Peer): string {
  const { conns, fails, open } = balancer.state(peer, 1000);
  return `${conns} ${fails} ${open ? "open" : "closed"}`;
}

const three = [server("a:1"), server("b:1"), server("c:1")];

describe("an edit of an upstream", () => {
  it("goes on with the sequence where it was when the weights stay", () => {
    const weighted = [server("a:1", { weight: 5 }), server("b:1"), server("c:1")];
    for (const before of [3, 10, 40]) {
      const untouched = sequence(balancerOf(upstreamOf(weighted)), before + 7).split(" ").slice(before).join(" ");
      const first = balancerOf(upstreamOf(weighted));
      sequence(first, before);
      const changed = weighted.map((each) => ({ ...each, maxFails: 3 }));
      equal(sequence(edited(first, changed), 7), untouched, `after ${before}`);
    }
  });

  for (const { what, down, least } of [
    { what: "of servers that are down", down: true, least: 66 },
    { what: "of servers in rotation", down: false, least: 45 },
  ]) {
    it(`does not begin with the first peer again: 200 edits ${what} with a request each spread over all`, () => {
      let balancer = balancerOf(upstreamOf(three));
      const counts: Record<string, number> = {};
      for (let i = 0; i < 200; i++) {
        const address = sequence(balancer, 1);
        counts[address] = (counts[address] ?? 0) + 1;
        balancer = edited(balancer, [...three, ...(i % 2 === 0 ? [server(`x${i}:1`, { down })] : [])]);
      }
      for (const each of ["a:1", "b:1", "c:1"]) {
        isTrue((counts[each] ?? 0) >= least, `${each} got ${counts[each] ?? 0}`);
      }
    });
  }

  it("does not starve a peer for the debts of a weight that it no longer has", () => {
    const first = balancerOf(upstreamOf([server("a:1", { weight: 1000 }), server("b:1"), server("c:1")]));
    sequence(first, 502);
    const next = sequence(edited(first, three), 9).split(" ");
    for (const each of ["a:1", "b:1", "c:1"]) {
      isTrue(next.filter((address) => address === each).length >= 2, `${each} in ${next.join(" ")}`);
    }
  });

  it("keeps the failures, connections and health of the peers that stay, by their address", () => {
    const first = balancerOf(upstreamOf(three));
    failOnce(first, defined(first.pick("", 1000, undefined), "a"), 1000);
    const running = defined(first.pick("", 1000, undefined), "b");
    first.setHealthy(peerAt(first, "c:1"), false, 1000);
    const second = balancerOf(
      { ...upstreamOf([server("d:1"), server("c:1"), server("b:1", { maxConns: 1 }), server("a:1")]), check: defaultCheck() },
      { previous: first },
    );
    equal(sequence(second, 3), "d:1 d:1 d:1");
    equal(standing(second, peerAt(second, "a:1")), "0 1 closed");
    equal(standing(second, peerAt(second, "b:1")), "1 0 closed");
    equal(peerAt(second, "c:1").healthy, false);
    first.release(running, 1000);
    equal(standing(second, peerAt(second, "b:1")), "0 0 open");
  });

  it("is prepared beside the balancer that serves, and then takes over in one step", () => {
    const first = balancerOf(upstreamOf(three));
    const addresses = lookup<readonly string[]>();
    const upstream = upstreamOf([server("d:1"), server("c:1")]);
    const prepared = prepareBalancer({ name: "test", upstream, addresses, previous: first, random: () => 0, pause: noPause });
    equal(sequence(first, 4), "a:1 b:1 c:1 a:1");
    const running = defined(first.pick("", 1000, undefined), "b");
    failOnce(first, peerAt(first, "c:1"), 1000);
    prepared.settle(1000);
    equal([sequence(first, 2), sequence(prepared, 1)], ["d:1 d:1", "d:1"]);
    first.release(running, 1000);
    equal(standing(prepared, peerAt(prepared, "c:1")), "0 1 closed");
  });

  it("takes over with its first request where nothing else has had it do so, also after another that has not", () => {
    const addresses = lookup<readonly string[]>();
    const prepared = (servers: readonly Server[], previous?: Balancer): Balancer =>
      prepareBalancer({ name: "test", upstream: upstreamOf(servers), addresses, previous, random: () => 0, pause: noPause });
    const first = prepared(three);
    equal(sequence(first, 4), "a:1 b:1 c:1 a:1");
    const running = defined(first.pick("", 1000, undefined), "b");
    failOnce(first, peerAt(first, "c:1"), 1000);
    const second = prepared([server("d:1"), server("c:1"), server("b:1")], first);
    const third = prepared([server("e:1"), ...second.upstream.servers], second);
    // As long as nobody asks, requests that began before go on where they were.
    equal(sequence(first, 1), "a:1");
    equal(sequence(third, 3), "e:1 d:1 b:1");
    equal(standing(third, running), "1 0 open");
    equal(standing(third, peerAt(third, "c:1")), "0 1 closed");
    // Whoever has an earlier one is answered by the last, and does not bring it back.
    second.settle(1000);
    equal(sequence(first, 6), sequence(third, 6));
    equal(third.seat.holder === third, true);
  });

  it("is told what else is known of its peers before its first request gets one, and once", () => {
    let told = 0;
    const balancer = prepareBalancer({
      name: "test",
      upstream: upstreamOf(three),
      addresses: lookup(),
      previous: undefined,
      random: () => 0,
      pause: noPause,
      settled: (own) => {
        told++;
        own.setHealthy(peerAt(own, "a:1"), false, 1000);
      },
    });
    equal(told, 0);
    equal(sequence(balancer, 4), "b:1 c:1 b:1 c:1");
    balancer.settle(1000);
    equal(told, 1);
  });

  it("lets requests of the balancer before end, go on and fail: the successor counts them", () => {
    const first = balancerOf(upstreamOf(three));
    const peer = defined(first.pick("", 1000, undefined), "a");
    const gone = defined(first.pick("", 1000, undefined), "b");
    const second = edited(first, [server("a:1"), server("c:1")]);
    equal(second.state(peer, 1000).conns, 1);
    isTrue(failOnce(first, peer, 1000), "one failure is enough");
    const next = defined(first.pick("", 1000, [peer]), "c");
    equal(next.address, "c:1");
    equal(second.state(next, 1000).conns, 1);
    first.release(gone, 1000);
    first.succeeded(gone, 1000);
    equal(sequence(second, 2), "c:1 c:1");
    equal(first.panics(), second.panics());
  });

  it("gives a peer that was removed and comes back a clean record", () => {
    const first = balancerOf(upstreamOf(three));
    failOnce(first, defined(first.pick("", 1000, undefined), "a"), 1000);
    const back = edited(edited(first, three.slice(1)), three);
    equal(standing(back, peerAt(back, "a:1")), "0 0 open");
  });

  it("leaves nothing between a balancer that requests began with and the one in force, after any number of edits", () => {
    const first = balancerOf(upstreamOf([server("a:1")]));
    let balancer = first;
    for (let edit = 0; edit < 12000; edit++) {
      balancer = edited(balancer, [server(edit % 2 === 0 ? "b:1" : "a:1")]);
    }
    equal(defined(first.pick("", 1000, undefined), "who is there now").address, "a:1");
    equal(balancer.state(defined(balancer.peers[0], "a"), 1000).conns, 1);
    isTrue(first.seat === balancer.seat && first.seat.holder === balancer, "the first knows only the last");
  });

  it("takes the peers that are down, drained or out from the requests, and knows them still", () => {
    const balancer = balancerOf(
      upstreamOf([server("a:1", { down: true }), server("b:1", { drain: true }), server("c:1", { out: true }), server("d:1")]),
    );
    equal(sequence(balancer, 3), "d:1 d:1 d:1");
    equal([balancer.peers.length, balancer.tries], [4, 1]);
  });

  it("takes every address of a name, and the same address twice as two peers", () => {
    const servers = [server("name.example:80", { weight: 2 }), server("a:1"), server("a:1")];
    const addresses = { "name.example:80": ["10.0.0.1:80", "[2001:db8::1]:80"] };
    const balancer = balancerOf(upstreamOf(servers), { addresses });
    equal(
      balancer.peers.map((peer) => `${peer.host} ${peer.port ?? "-"}`),
      ["10.0.0.1 80", "[2001:db8::1] 80", "a 1", "a 1"],
    );
    const running = defined(balancer.pick("", 1000, undefined), "the first");
    const fewer = balancerOf(upstreamOf(servers), { addresses: { "name.example:80": ["10.0.0.1:80"] }, previous: balancer });
    equal(
      fewer.peers.map((peer) => fewer.state(peer, 1000).conns),
      [1, 0, 0],
    );
    equal(running.address, "10.0.0.1:80");
    equal(balancerOf(upstreamOf([server("name.example:80")]), { addresses: { "name.example:80": [] } }).pick("", 1, undefined), undefined);
  });

  it("splits a unix socket's address in no way", () => {
    const [peer] = balancerOf(upstreamOf([server("unix:/run/a:80")])).peers;
    equal([peer?.host, peer?.port], ["unix:/run/a:80", undefined]);
  });

  it("keeps the counts right over random edits and requests that outlive them", () => {
    const dice = random(515);
    const all = "abcdefgh".split("").map((name) => `${name}:1`);
    const draw = (): Server[] => {
      const chosen = all.filter(() => dice.below(3) > 0);
      const some = chosen.length > 0 ? chosen : all;
      return some.map((address) => server(address, { weight: dice.below(4) + 1, maxConns: dice.below(3) * 3, backup: dice.below(5) === 0 }));
    };
    let balancer = balancerOf(upstreamOf(draw()));
    const running: { peer: Peer; from: Balancer }[] = [];
    for (let event = 0; event < 3000; event++) {
      const kind = dice.below(10);
      if (kind === 0) {
        balancer = edited(balancer, draw());
      } else if (kind < 6) {
        const peer = balancer.pick("", 1000, undefined);
        if (peer !== undefined) {
          running.push({ peer, from: balancer });
        }
      } else if (running.length > 0) {
        const [ended] = running.splice(dice.below(running.length), 1);
        ended?.from.release(ended.peer, 1000);
      }
      for (const peer of balancer.peers) {
        const count = running.filter((each) => each.peer === peer).length;
        const { conns, open } = balancer.state(peer, 1000);
        equal(conns, count, `event ${event}, ${peer.address}`);
        equal(open, peer.server.maxConns === 0 || count < peer.server.maxConns, `event ${event}, ${peer.address} open`);
      }
    }
  });
});

function defaultCheck(): NonNullable<Balancer["upstream"]["check"]> {
  return {
    type: "tcp",
    method: "GET",
    path: "/",
    host: "",
    expect: [200],
    body: "",
    interval: 1,
    timeout: 1,
    rise: 1,
    fall: 1,
    port: 0,
    initial: "up",
  };
}
