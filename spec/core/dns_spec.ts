import {
  candidates,
  canonicalIp,
  parseHosts,
  parseNameserver,
  parseResolvConf,
} from "../../src/dygateway/core/upstream/dns_config.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { afterLookup, unknownName } from "../../src/dygateway/core/upstream/dns_record.ts";
import type { DnsRecord, FamilyAnswer } from "../../src/dygateway/core/upstream/dns_record.ts";
import { equal } from "../support/assert.ts";

describe("resolv.conf", () => {
  it("names the servers, three at most, and leaves out what is no address", () => {
    const lines = ["# a comment", "nameserver 10.0.0.2", "nameserver  fe80::1%eth0", "nameserver ::1 ; local", "nameserver x", "nameserver 10.0.0.3", "nameserver 10.0.0.4"];
    equal(parseResolvConf(lines).nameservers, [
      { host: "10.0.0.2", port: 53 },
      { host: "[::1]", port: 53 },
      { host: "10.0.0.3", port: 53 },
    ]);
  });

  it("takes the last search list and the dots, and has defaults", () => {
    equal(parseResolvConf([]), { nameservers: [], search: [], ndots: 1 });
    const lines = ["domain old.example", "search svc.example\texample", "options edns0 ndots:5 ndots:x"];
    equal(parseResolvConf(lines), { nameservers: [], search: ["svc.example", "example"], ndots: 5 });
    equal(parseResolvConf(["options ndots:99"]).ndots, 15);
  });

  const servers: readonly (readonly [text: string, host: string, port: number])[] = [
    ["10.0.0.1", "10.0.0.1", 53],
    ["10.0.0.1:5353", "10.0.0.1", 5353],
    ["::1", "[::1]", 53],
    ["[::1]", "[::1]", 53],
    ["[2001:db8::1]:54", "[2001:db8::1]", 54],
  ];
  for (const [text, host, port] of servers) {
    it(`takes ${text} for a server`, () => {
      equal(parseNameserver(text), { host, port });
    });
  }

  it("takes nothing else for a server", () => {
    for (const text of ["", "ns.example", "10.0.0.1:0", "10.0.0.1:65536", "10.0.0.1:", "10.0.0", "[::1", "[x]:53", "[::1]:x"]) {
      equal(parseNameserver(text), undefined, text);
    }
  });
});

describe("the hosts file", () => {
  it("has addresses by name, whatever the case, in its order and once each", () => {
    const hosts = parseHosts(["127.0.0.1 localhost", "10.0.0.1\tWeb.example web # first", "10.0.0.2 web", "10.0.0.2 web", "::0001 localhost", "x y", ""], noPause);
    equal(hosts["web"], ["10.0.0.1", "10.0.0.2"]);
    equal(hosts["web.example"], ["10.0.0.1"]);
    equal(hosts["localhost"], ["127.0.0.1", "::1"]);
    equal(hosts["y"], undefined);
    equal(hosts["first"], undefined);
  });

  it("may be long: after each line others may have their turn", () => {
    let pauses = 0;
    parseHosts(["10.0.0.1 a", "", "# c"], () => {
      pauses++;
    });
    equal(pauses, 3);
  });

  it("knows one form of an address", () => {
    equal(canonicalIp("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
    equal(canonicalIp("10.0.0.1"), "10.0.0.1");
    equal(canonicalIp("web"), undefined);
  });
});

describe("the names that are asked for", () => {
  const config = { nameservers: [], search: ["a.example", ".", "b.example"], ndots: 2 };
  const cases: readonly (readonly [name: string, asked: readonly string[]])[] = [
    ["web", ["web.a.example", "web.b.example", "web"]],
    ["web.x", ["web.x.a.example", "web.x.b.example", "web.x"]],
    ["web.x.y", ["web.x.y", "web.x.y.a.example", "web.x.y.b.example"]],
    ["web.", ["web"]],
  ];
  for (const [name, asked] of cases) {
    it(`are ${asked.join(", ")} for ${name}`, () => {
      equal(candidates(name, config), asked);
    });
  }
});

describe("what is known of a name", () => {
  const none: FamilyAnswer = { addresses: [], ttl: 0, problem: "" };
  const timeout: FamilyAnswer = { addresses: [], ttl: 0, problem: "timeout" };
  const of = (ttl: number, ...addresses: string[]): FamilyAnswer => ({ addresses, ttl, problem: "" });
  const known: DnsRecord = { addresses: ["10.0.0.1", "2001:db8::1"], confirmed: 90, next: 99, failures: 0, problem: "" };

  const cases: readonly (readonly [title: string, before: DnsRecord, v4: FamilyAnswer, v6: FamilyAnswer, after: DnsRecord])[] = [
    ["is what the answer says, for as long as it says", unknownName, of(60, "10.0.0.2", "10.0.0.1"), none, { addresses: ["10.0.0.1", "10.0.0.2"], confirmed: 100, next: 160, failures: 0, problem: "" }],
    ["lasts as long as the shorter of both families", unknownName, of(60, "10.0.0.1"), of(20, "::1"), { addresses: ["10.0.0.1", "::1"], confirmed: 100, next: 120, failures: 0, problem: "" }],
    ["is looked at again after a second at the soonest", unknownName, of(0, "10.0.0.1"), none, { addresses: ["10.0.0.1"], confirmed: 100, next: 101, failures: 0, problem: "" }],
    ["is looked at again after five minutes at the latest", unknownName, of(86400, "10.0.0.1"), none, { addresses: ["10.0.0.1"], confirmed: 100, next: 400, failures: 0, problem: "" }],
    ["has each address once", unknownName, of(60, "10.0.0.1", "10.0.0.1"), none, { addresses: ["10.0.0.1"], confirmed: 100, next: 160, failures: 0, problem: "" }],
    ["is replaced by the next answer", known, of(60, "10.0.0.9"), none, { addresses: ["10.0.0.9"], confirmed: 100, next: 160, failures: 0, problem: "" }],
    ["stays when nobody answers", known, timeout, timeout, { ...known, next: 101, failures: 1, problem: "timeout" }],
    ["stays when the name is gone", known, none, none, { ...known, next: 101, failures: 1, problem: "it has no addresses" }],
    ["keeps the family that could not be asked for", known, of(60, "10.0.0.2"), timeout, { addresses: ["10.0.0.2", "2001:db8::1"], confirmed: 100, next: 160, failures: 0, problem: "" }],
    ["is nothing where nothing was ever answered", unknownName, timeout, none, { addresses: [], confirmed: 0, next: 101, failures: 1, problem: "timeout" }],
  ];
  for (const [title, before, v4, v6, after] of cases) {
    it(title, () => {
      equal(afterLookup(before, v4, v6, 100), after);
    });
  }

  it("is asked for less and less often while nobody answers, every half minute at last", () => {
    const waits: number[] = [];
    let record = known;
    for (let i = 0; i < 8; i++) {
      record = afterLookup(record, timeout, timeout, 100);
      waits.push(record.next - 100);
    }
    equal(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    equal(afterLookup(record, of(60, "10.0.0.1"), none, 100).failures, 0);
  });
});
