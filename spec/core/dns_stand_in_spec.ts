import { lookup } from "../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { createBalancer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import { withStandIns } from "../../src/dygateway/core/upstream/stand_in.ts";
import { equal } from "../support/assert.ts";
import { upstreamOf } from "./support/upstreams.ts";

/** The peers that an upstream had before an edit. */
function peersOf(body: string): readonly Peer[] {
  const plan = { name: "u", upstream: upstreamOf(body), addresses: lookup<readonly string[]>(), previous: undefined };
  return createBalancer({ ...plan, random: () => 0.5, pause: noPause, now: 1000 }).peers;
}

/** Addresses of the names that any of the cases speaks of. */
function resolvedWith(address: string, addresses: readonly string[]): Lookup<readonly string[]> {
  const resolved: Lookup<readonly string[]> = lookup();
  resolved["new.test:80"] = [];
  resolved["late.test:80"] = [];
  resolved[address] = addresses;
  return resolved;
}

function unknownOf(...addresses: string[]): Lookup<boolean> {
  const unknown: Lookup<boolean> = lookup();
  for (const address of addresses) {
    unknown[address] = true;
  }
  return unknown;
}

const former = peersOf("server 10.0.0.1:80; server 10.0.0.2:80; server 10.0.0.3:80 down; server 10.0.0.4:80 backup;");
const both = unknownOf("new.test:80", "late.test:80");

describe("an edit that brings in a name", () => {
  const cases: readonly (readonly [title: string, body: string, peers: readonly string[], late: readonly string[]])[] = [
    ["has the primaries from before until it is known", "server new.test:80;", ["10.0.0.1:80", "10.0.0.2:80"], []],
    ["has them once, by its first unknown name", "server new.test:80; server late.test:80;", ["10.0.0.1:80", "10.0.0.2:80"], []],
    ["has none of them where a primary is an address", "server 10.0.0.9:80; server new.test:80;", [], []],
    ["has them where only a backup is an address", "server new.test:80; server 10.0.0.9:80 backup;", ["10.0.0.1:80", "10.0.0.2:80"], []],
    ["has none that the edit drains or makes a backup", "server new.test:80; server 10.0.0.1:80 drain; server 10.0.0.2:80 backup;", [], []],
    ["has none by a server that takes no requests", "server new.test:80 down; server late.test:80;", [], ["10.0.0.1:80", "10.0.0.2:80"]],
  ];
  for (const [title, body, peers, late] of cases) {
    it(title, () => {
      const resolved = withStandIns(upstreamOf(body), resolvedWith("new.test:80", []), both, former);
      equal([resolved["new.test:80"], resolved["late.test:80"]], [peers, late]);
    });
  }

  it("has its own peers as soon as one name is known", () => {
    const known = resolvedWith("late.test:80", ["10.1.0.1:80"]);
    equal(withStandIns(upstreamOf("server new.test:80; server late.test:80;"), known, unknownOf("new.test:80"), former), known);
  });

  it("has none where the name was known, and has no addresses any more", () => {
    equal(withStandIns(upstreamOf("server new.test:80;"), resolvedWith("new.test:80", []), unknownOf(), former)["new.test:80"], []);
  });
});
