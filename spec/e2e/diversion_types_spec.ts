import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import type { HttpRequest } from "./support/http.ts";

const cluster = useCluster();

const uid = (value: string): HttpRequest => ({ headers: { "X-Uid": value } });
const from = (address: string): HttpRequest => ({ headers: { "X-Real-IP": address } });
const at = (path: string): HttpRequest => ({ path });
const has = (name: string, value: string): HttpRequest => ({ headers: { [name]: value } });

interface TypeCase {
  readonly type: string;
  readonly policy: object;
  /** Requests and the backend that answers them. */
  readonly requests: readonly (readonly [HttpRequest, string])[];
}

const cases: readonly TypeCase[] = [
  {
    type: "iprange with numbers, both bounds inclusive",
    policy: {
      divtype: "iprange",
      divdata: [
        { range: { start: 16909060, end: 16909064 }, upstream: "beta1" },
        { range: { start: 0, end: 0 }, upstream: "beta2" },
        { range: { start: 4294967295, end: 4294967295 }, upstream: "beta3" },
      ],
    },
    requests: [
      [from("1.2.3.3"), "stable"],
      [from("1.2.3.4"), "beta1"],
      [from("1.2.3.6"), "beta1"],
      [from("1.2.3.8"), "beta1"],
      [from("1.2.3.9"), "stable"],
      [from("0.0.0.0"), "beta2"],
      [from("255.255.255.255"), "beta3"],
      [from("255.255.255.254"), "stable"],
      [from("1.2.3.256"), "stable"],
      [from("01.2.3.4"), "stable"],
      [from("nonsense"), "stable"],
      [{}, "stable"],
    ],
  },
  {
    type: "iprange with dotted addresses, ranges and CIDR, IPv4 and IPv6",
    policy: {
      divtype: "iprange",
      divdata: [
        { range: "10.1.0.0/16", upstream: "beta1" },
        { range: "192.168.1.10-192.168.1.20", upstream: "beta2" },
        { range: "203.0.113.7", upstream: "beta3" },
        { range: "2001:db8::/33", upstream: "beta1" },
        { range: "2001:db8:8000::1-2001:db8:8000::ff", upstream: "beta4" },
        { range: "fe80::1", upstream: "beta2" },
      ],
    },
    requests: [
      [from("10.0.255.255"), "stable"],
      [from("10.1.0.0"), "beta1"],
      [from("10.1.255.255"), "beta1"],
      [from("10.2.0.0"), "stable"],
      [from("192.168.1.9"), "stable"],
      [from("192.168.1.10"), "beta2"],
      [from("192.168.1.20"), "beta2"],
      [from("192.168.1.21"), "stable"],
      [from("203.0.113.7"), "beta3"],
      [from("2001:db8::"), "beta1"],
      [from("2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"), "beta1"],
      [from("2001:db8:8000::"), "stable"],
      [from("2001:DB8:8000::1"), "beta4"],
      [from("2001:db8:8000:0:0:0:0:ff"), "beta4"],
      [from("2001:db8:8000::100"), "stable"],
      [from("fe80::1"), "beta2"],
      [from("::ffff:10.1.2.3"), "beta1"],
    ],
  },
  {
    type: "uidrange, both bounds inclusive, gaps and large uids",
    policy: {
      divtype: "uidrange",
      divdata: [
        { range: { start: 3333, end: 4444 }, upstream: "beta2" },
        { range: { start: 1111, end: 2222 }, upstream: "beta1" },
        { range: { start: 2223, end: 2223 }, upstream: "beta3" },
        { range: { start: 0, end: 0 }, upstream: "beta3" },
        { range: { start: 4503599627370494, end: 4503599627370495 }, upstream: "beta4" },
      ],
    },
    requests: [
      [uid("1110"), "stable"],
      [uid("1111"), "beta1"],
      [uid("2222"), "beta1"],
      [uid("2223"), "beta3"],
      [uid("2224"), "stable"],
      [uid("3333"), "beta2"],
      [uid("4444"), "beta2"],
      [uid("4445"), "stable"],
      [uid("0"), "beta3"],
      [uid("1"), "stable"],
      [uid("4503599627370493"), "stable"],
      [uid("4503599627370494"), "beta4"],
      [uid("4503599627370495"), "beta4"],
      [uid("4503599627370496"), "stable"],
      [uid("-1111"), "stable"],
      [uid("1111.5"), "stable"],
      [uid("0x457"), "stable"],
      [uid("abc"), "stable"],
      [uid(""), "stable"],
      [{}, "stable"],
    ],
  },
  {
    type: "uidsuffix, one digit as number or text, and longer: the longest suffix wins",
    policy: {
      divtype: "uidsuffix",
      divdata: [
        { suffix: 1, upstream: "beta1" },
        { suffix: "3", upstream: "beta2" },
        { suffix: "33", upstream: "beta3" },
        { suffix: "05", upstream: "beta4" },
        { suffix: 0, upstream: "beta4" },
      ],
    },
    requests: [
      [uid("1"), "beta1"],
      [uid("90071992547409931"), "beta1"],
      [uid("3"), "beta2"],
      [uid("23"), "beta2"],
      [uid("33"), "beta3"],
      [uid("133"), "beta3"],
      [uid("105"), "beta4"],
      [uid("5"), "stable"],
      [uid("15"), "stable"],
      [uid("10"), "beta4"],
      [uid("abc3"), "stable"],
      [uid("7"), "stable"],
      [{}, "stable"],
    ],
  },
  {
    type: "uidappoint with numbers, UUIDs, names and ids above 2^53, compared as text",
    policy: {
      divtype: "uidappoint",
      divdata: [
        { uidset: [1234, "5678", 0], upstream: "beta1" },
        { uidset: ["6f9619ff-8b86-d011-b42d-00c04fc964ff", "Zoë", "__proto__"], upstream: "beta2" },
        { uidset: ["9007199254740993"], upstream: "beta3" },
        { uidset: ["9007199254740992"], upstream: "beta4" },
      ],
    },
    requests: [
      [uid("1234"), "beta1"],
      [uid("5678"), "beta1"],
      [uid("0"), "beta1"],
      [uid("01234"), "stable"],
      [uid("1234.0"), "stable"],
      [uid("1235"), "stable"],
      [uid("6f9619ff-8b86-d011-b42d-00c04fc964ff"), "beta2"],
      [uid("6F9619FF-8b86-d011-b42d-00c04fc964ff"), "stable"],
      [uid(Buffer.from("Zoë").toString("latin1")), "beta2"],
      [uid("__proto__"), "beta2"],
      [uid("constructor"), "stable"],
      [uid("9007199254740993"), "beta3"],
      [uid("9007199254740992"), "beta4"],
      [uid("9007199254740994"), "stable"],
    ],
  },
  {
    type: "arg_city, as it was sent",
    policy: {
      divtype: "arg_city",
      divdata: [
        { city: "BJ", upstream: "beta1" },
        { city: "%E5%8C%97", upstream: "beta2" },
      ],
    },
    requests: [
      [at("/?city=BJ"), "beta1"],
      [at("/x/y?a=1&city=BJ&b=2"), "beta1"],
      [at("/?city=bj"), "stable"],
      [at("/?city=%E5%8C%97"), "beta2"],
      [at("/?city="), "stable"],
      [at("/?town=BJ"), "stable"],
      [at("/"), "stable"],
    ],
  },
  {
    type: "url, the decoded and normalised path",
    policy: {
      divtype: "url",
      divdata: [
        { url: "/feed/new", upstream: "beta1" },
        { url: "/a b", upstream: "beta2" },
      ],
    },
    requests: [
      [at("/feed/new"), "beta1"],
      [at("/feed/new?page=2"), "beta1"],
      [at("/feed/x/../new"), "beta1"],
      [at("//feed///new"), "beta1"],
      [at("/feed/new/"), "stable"],
      [at("/feed"), "stable"],
      [at("/a%20b"), "beta2"],
    ],
  },
  {
    type: "header, by equality and in the order of the rules",
    policy: {
      divtype: "header",
      divdata: [
        { name: "X-Env", value: "gray", upstream: "beta1" },
        { name: "x-tier", value: "a:b", upstream: "beta2" },
        { name: "X-Env", value: "blue", upstream: "beta3" },
      ],
    },
    requests: [
      [has("x-env", "gray"), "beta1"],
      [has("X-ENV", "blue"), "beta3"],
      [has("X-Env", "Gray"), "stable"],
      [has("X-Env", "grayer"), "stable"],
      [has("X-Tier", "a:b"), "beta2"],
      [{ headers: { "X-Tier": "a:b", "X-Env": "blue" } }, "beta2"],
      [{ headers: { "X-Tier": "a:b", "X-Env": "gray" } }, "beta1"],
      [{}, "stable"],
    ],
  },
  {
    type: "cookie, by equality of a named one",
    policy: { divtype: "cookie", divdata: [{ name: "group", value: "b", upstream: "beta1" }] },
    requests: [
      [has("Cookie", "group=b"), "beta1"],
      [has("Cookie", "a=1; group=b; c=2"), "beta1"],
      [has("Cookie", "group=bb"), "stable"],
      [has("Cookie", "xgroup=b"), "stable"],
      [{}, "stable"],
    ],
  },
  {
    type: "arg, by equality of a decoded argument",
    policy: {
      divtype: "arg",
      divdata: [
        { name: "channel", value: "内测", upstream: "beta1" },
        { name: "channel", value: "a b", upstream: "beta2" },
      ],
    },
    requests: [
      [at(`/?channel=${encodeURIComponent("内测")}`), "beta1"],
      [at("/?channel=a+b"), "beta2"],
      [at("/?channel=a%20b&x=1"), "beta2"],
      [at("/?channel=a"), "stable"],
      [at("/?x=a+b"), "stable"],
    ],
  },
];

describe("a request goes to the upstream that its policy names", () => {
  test.each(cases)("$type", async ({ policy, requests }) => {
    const host = cluster.newHost();
    const [policyId] = await cluster.divert(host, policy);
    expect(policyId).toBeTypeOf("number");
    for (const [request, expected] of requests) {
      expect([request, await cluster.ask(host, request)]).toEqual([request, expected]);
    }
  });
});

describe("percent", () => {
  const users = Array.from({ length: 2000 }, (_, i) => `user-${i * 7919}`);
  const share = (percent: number): object => ({ divtype: "percent", divdata: [{ percent, upstream: "beta1" }] });

  async function diverted(host: string): Promise<Set<string>> {
    const found = new Set<string>();
    for (let start = 0; start < users.length; start += 50) {
      const some = users.slice(start, start + 50);
      const answers = await Promise.all(some.map((user) => cluster.ask(host, uid(user))));
      some.forEach((user, i) => answers[i] === "beta1" && found.add(user));
    }
    return found;
  }

  test("keeps the first 5 % when the share grows to 10 %, on shares exact within statistics", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, share(5));
    const five = await diverted(host);
    await cluster.divert(host, share(10));
    const ten = await diverted(host);
    // Five standard deviations of a binomial with 2000 users: 49 at 5 %, 67 at 10 %.
    expect(Math.abs(five.size - 100)).toBeLessThan(49);
    expect(Math.abs(ten.size - 200)).toBeLessThan(67);
    expect([...five].filter((user) => !ten.has(user))).toEqual([]);
  });

  test("is decided by its salt, all users at 100, none without a userinfo", async () => {
    const host = cluster.newHost();
    const other = cluster.newHost();
    await cluster.divert(host, { ...share(50), salt: "one" });
    await cluster.divert(other, { ...share(50), salt: "two" });
    const one = await diverted(host);
    const two = await diverted(other);
    expect([...one].filter((user) => !two.has(user)).length).toBeGreaterThan(300);
    await cluster.divert(host, share(100));
    expect((await diverted(host)).size).toBe(users.length);
    expect(await cluster.ask(host)).toBe("stable");
  });
});
