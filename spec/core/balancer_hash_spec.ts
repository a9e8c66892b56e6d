import { crc32 } from "../../src/dygateway/core/upstream/balance/crc32.ts";
import { ketamaRing } from "../../src/dygateway/core/upstream/balance/ketama.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { Balance, Server } from "../../src/dygateway/core/upstream/model.ts";
import { plainCrc32, plainPoints } from "../cases/balancer_crc32.ts";
import { balancerOf, failOnce, server, upstreamOf } from "../cases/balancer_runs.ts";
import { random } from "../cases/random.ts";
import { defined, equal, isTrue } from "../support/assert.ts";

const consistent: Balance = { kind: "hash", key: "$uri", consistent: true };
const KEYS = 20000;

function servers(count: number): Server[] {
  const made: Server[] = [];
  for (let i = 1; i <= count; i++) {
    made.push(server(`10.0.0.${i}:80`));
  }
  return made;
}

/** Where each of many keys goes. */
function owners(balance: Balance, chosen: readonly Server[], addresses: Record<string, readonly string[]> = {}): string[] {
  const balancer = balancerOf(upstreamOf(chosen, balance), { addresses });
  const found: string[] = [];
  for (let i = 0; i < KEYS; i++) {
    found.push(balancer.pick(`key${i}`, 1000, undefined)?.address ?? "-");
  }
  return found;
}

describe("a checksum", () => {
  it("is CRC-32 of the UTF-8 bytes", () => {
    equal(crc32("123456789"), 3421780262);
    equal(crc32(""), 0);
    equal(crc32("é内"), 131492272);
    const dice = random(9);
    for (let i = 0; i < 200; i++) {
      const text = dice.text("\0\x01 abcXYZ\x7f~", dice.below(40));
      equal(crc32(text), plainCrc32(text), text);
    }
  });
});

describe("consistent hash", () => {
  it("has the points of nginx and Cache::Memcached::Fast, in ascending order and each once", () => {
    const names = [
      { name: "10.0.0.1:80", host: "10.0.0.1", port: "80" },
      { name: "[2001:db8::1]:080", host: "[2001:db8::1]", port: "080" },
      { name: "unix:/run/a:80", host: "/run/a:80", port: "" },
      { name: "name.example", host: "name.example", port: "" },
    ];
    for (const { name, host, port } of names) {
      const ring = ketamaRing([{ name, weight: 2 }], noPause);
      const expected = plainPoints(host, port, 320).sort((a, b) => a - b);
      const points: number[] = [];
      for (let i = 0; i < ring.size; i++) {
        points.push(ring.points[i] ?? -1);
      }
      equal(points, expected, name);
    }
  });

  it("leaves a point that two servers have to the first", () => {
    const ring = ketamaRing([{ name: "a:1", weight: 1 }, { name: "b:1", weight: 1 }, { name: "a:1", weight: 1 }], noPause);
    equal(ring.size, 320);
    for (let i = 0; i < ring.size; i++) {
      isTrue(ring.owners[i] !== 2, "the third has no point of its own");
    }
  });

  it("pauses while it makes a ring of a thousand servers, and keeps within its memory with huge weights", () => {
    let pauses = 0;
    const many = servers(1000).map(({ address }) => ({ name: address, weight: 1 }));
    const ring = ketamaRing(many, () => {
      pauses++;
    });
    isTrue(pauses >= 100, `${pauses} pauses`);
    isTrue(ring.size > 159000, `${ring.size} points`);
    const huge = ketamaRing([{ name: "a:1", weight: 900000 }, { name: "b:1", weight: 100000 }, { name: "c:1", weight: 1 }], noPause);
    isTrue(huge.size <= 4000001 && huge.size > 3900000, `${huge.size} points`);
  });

  it("moves about one of n keys when one of n peers is added, and none between the others", () => {
    for (const count of [3, 10, 50]) {
      const before = owners(consistent, servers(count - 1));
      const after = owners(consistent, servers(count));
      let moved = 0;
      for (let i = 0; i < KEYS; i++) {
        if (before[i] !== after[i]) {
          moved++;
          equal(after[i], `10.0.0.${count}:80`, "a key that moves, moves to the new peer");
        }
      }
      const share = (moved / KEYS) * count;
      isTrue(share > 0.75 && share < 1.25, `${moved} of ${KEYS} keys moved for one of ${count}`);
    }
  });

  it("gives the keys of a peer that is down to others, and all others stay", () => {
    const all = owners(consistent, servers(5));
    const without = owners(
      consistent,
      servers(5).map((each, i) => (i === 2 ? { ...each, down: true } : each)),
    );
    for (let i = 0; i < KEYS; i++) {
      isTrue(all[i] === "10.0.0.3:80" ? without[i] !== all[i] : without[i] === all[i], `key ${i}`);
    }
  });

  it("spreads the keys of a name over its addresses in turn", () => {
    const addresses = { "name.example:80": ["10.1.0.1:80", "10.1.0.2:80"] };
    const balancer = balancerOf(upstreamOf([server("name.example:80"), server("10.0.0.1:80")], consistent), { addresses });
    const keys: string[] = [];
    for (let i = 0; keys.length < 4; i++) {
      const key = `key${i}`;
      if (balancer.pick(key, 1000, undefined)?.address !== "10.0.0.1:80") {
        keys.push(key);
      }
    }
    const chosen = keys.map((key) => balancer.pick(key, 1000, undefined)?.address);
    equal(chosen, ["10.1.0.1:80", "10.1.0.2:80", "10.1.0.1:80", "10.1.0.2:80"]);
  });

  it("takes turns where there is no key", () => {
    const balancer = balancerOf(upstreamOf(servers(3), consistent));
    equal([1, 2, 3].map(() => balancer.pick("", 1000, undefined)?.host), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  });
});

describe("a strategy with a key", () => {
  const balances: Balance[] = [consistent, { kind: "hash", key: "$uri", consistent: false }, { kind: "ip_hash" }];
  for (const balance of balances) {
    it(`keeps it on its peer, and leaves a peer that failed: ${balance.kind}`, () => {
      const balancer = balancerOf(upstreamOf(servers(4), balance));
      const key = "\x0a\x01\x02\x03";
      const first = defined(balancer.pick(key, 1000, undefined), "a peer");
      equal(balancer.pick(key, 1000, undefined), first);
      failOnce(balancer, first, 1000);
      const second = defined(balancer.pick(key, 1000, [first]), "another");
      isTrue(second !== first, "another");
      equal(balancer.pick(key, 1000, undefined), second);
      equal(balancer.pick(key, 1011, undefined), first, "after fail_timeout");
    });
  }

  it("asks for what it needs", () => {
    const needs = balances.map((balance) => balancerOf(upstreamOf(servers(1), balance)).needs);
    equal(needs, ["key", "key", "client_address"]);
    equal(balancerOf(upstreamOf(servers(1))).needs, "nothing");
  });
});

describe("random", () => {
  it("chooses by weight, and with two the one with fewer connections for its weight", () => {
    const dice = random(3);
    const draw = (): number => dice.below(1000000) / 1000000;
    const chosen = [server("a:1", { weight: 3 }), server("b:1"), server("c:1", { down: true })];
    const plain = balancerOf(upstreamOf(chosen, { kind: "random", two: false }), { random: draw });
    const two = balancerOf(upstreamOf(chosen, { kind: "random", two: true }), { random: draw });
    let plainFirst = 0;
    let twoFirst = 0;
    for (let i = 0; i < 4000; i++) {
      plainFirst += plain.pick("", 1000, undefined)?.address === "a:1" ? 1 : 0;
      twoFirst += two.pick("", 1000, undefined)?.address === "a:1" ? 1 : 0;
    }
    isTrue(Math.abs(plainFirst - 3000) < 150, `${plainFirst} of 4000 by chance`);
    isTrue(Math.abs(twoFirst - 3000) <= 2, `${twoFirst} of 4000 by connections`);
  });

  it("finds the only one that is there, whatever is drawn", () => {
    const chosen = [server("a:1", { weight: 1000, down: true }), server("b:1")];
    for (const two of [false, true]) {
      const balancer = balancerOf(upstreamOf(chosen, { kind: "random", two }), { random: () => 0 });
      equal(balancer.pick("", 1000, undefined)?.address, "b:1");
    }
  });
});
