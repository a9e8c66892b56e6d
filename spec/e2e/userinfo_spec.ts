import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import type { HttpRequest } from "./support/http.ts";

const appointed = { divtype: "uidappoint", divdata: [{ uidset: ["u1", "/u1", "127.0.0.1", "10.9.8.7"], upstream: "beta1" }] };
const inTen = { divtype: "iprange", divdata: [{ range: "10.0.0.0/8", upstream: "beta1" }] };
const isLoopback = { divtype: "iprange", divdata: [{ range: "127.0.0.0/8", upstream: "beta2" }] };

describe("a policy says where its userinfo comes from", () => {
  const cluster = useCluster();

  test.each<[string, HttpRequest, HttpRequest]>([
    ["header:X-Device-Id", { headers: { "X-Device-Id": "u1" } }, { headers: { "X-Uid": "u1" } }],
    ["header:x-device-id", { headers: { "X-DEVICE-ID": "u1" } }, {}],
    ["cookie:uid", { headers: { Cookie: "a=b; uid=u1" } }, { headers: { "X-Uid": "u1" } }],
    ["arg:uid", { path: "/x?uid=u1&b=2" }, { path: "/x?uuid=u1" }],
    ["uri", { path: "/u1?a=b" }, { path: "/u2" }],
    ["ip", {}, { headers: { "X-Real-IP": "10.9.8.6" } }],
    ["ip", { headers: { "X-Real-IP": "10.9.8.7" } }, { headers: { "X-Real-IP": "10.9.8.6", "X-Forwarded-For": "10.9.8.7" } }],
  ])("%s", async (userinfo, matching, other) => {
    const host = cluster.newHost();
    await cluster.divert(host, { ...appointed, userinfo });
    expect(await cluster.ask(host, matching)).toBe("beta1");
    expect(await cluster.ask(host, other)).toBe("stable");
  });

  test("range, suffix and percent policies are not tied to X-Uid either", async () => {
    const host = cluster.newHost();
    await cluster.divert(
      host,
      { divtype: "uidrange", userinfo: "cookie:uid", divdata: [{ range: { start: 5, end: 9 }, upstream: "beta1" }] },
      { divtype: "uidsuffix", userinfo: "arg:u", divdata: [{ suffix: "7", upstream: "beta2" }] },
      { divtype: "percent", userinfo: "header:X-All", divdata: [{ percent: 100, upstream: "beta3" }] },
      { divtype: "iprange", userinfo: "header:X-Peer", divdata: [{ range: "::1", upstream: "beta4" }] },
    );
    expect(await cluster.ask(host, { headers: { Cookie: "uid=7" } })).toBe("beta1");
    expect(await cluster.ask(host, { path: "/?u=17" })).toBe("beta2");
    expect(await cluster.ask(host, { headers: { "X-All": "anything" } })).toBe("beta3");
    expect(await cluster.ask(host, { headers: { "X-Peer": "::1" } })).toBe("beta4");
    expect(await cluster.ask(host, { headers: { "X-Uid": "7" } })).toBe("stable");
  });

  test.each([
    ["header", "50201"],
    ["header:", "50201"],
    ["header:X Y", "50201"],
    ["body:uid", "50201"],
    ["", "50201"],
  ])("a source '%s' is refused", async (userinfo, code) => {
    const answer = await cluster.admin("policy_check", {}, { ...appointed, userinfo });
    expect(`${answer.code}`).toBe(code);
    expect(answer.desc).toContain("userinfo");
  });
});

describe("the client's address, peers on loopback trusted as by default", () => {
  const cluster = useCluster();

  test("X-Real-IP counts, else the first address of X-Forwarded-For, else the peer's", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, inTen, isLoopback);
    expect(await cluster.ask(host)).toBe("beta2");
    expect(await cluster.ask(host, { headers: { "X-Real-IP": "10.0.0.1" } })).toBe("beta1");
    expect(await cluster.ask(host, { headers: { "X-Forwarded-For": "10.0.0.1, 8.8.8.8" } })).toBe("beta1");
    expect(await cluster.ask(host, { headers: { "X-Forwarded-For": "8.8.8.8, 10.0.0.1" } })).toBe("stable");
    expect(await cluster.ask(host, { headers: { "X-Real-IP": "8.8.8.8", "X-Forwarded-For": "10.0.0.1" } })).toBe("stable");
  });

  test("upstreams are told the same address", async () => {
    const host = cluster.newHost();
    await cluster.ask(host, { headers: { "X-Real-IP": "10.0.0.1" } });
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("10.0.0.1");
    await cluster.ask(host, { headers: { "X-Forwarded-For": "10.0.0.2, 8.8.8.8" } });
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("10.0.0.2");
    expect(cluster.backends.lastHeaders()["x-forwarded-for"]).toBe("10.0.0.2, 8.8.8.8, 127.0.0.1");
    await cluster.ask(host);
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("127.0.0.1");
  });
});

describe("peers on a unix socket", () => {
  const cluster = useCluster({
    config: ({ folder, port }) => ({ listeners: { http: `127.0.0.1:${port}`, local: `unix:${folder}/traffic.sock` } }),
  });

  test("are trusted as by default; one that names no address has none", async () => {
    const host = cluster.newHost();
    const socketPath = `${cluster.folder}/traffic.sock`;
    await cluster.divert(host, inTen, isLoopback);
    expect(await cluster.ask(host, { socketPath, headers: { "X-Real-IP": "10.0.0.1" } })).toBe("beta1");
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("10.0.0.1");
    expect(await cluster.ask(host, { socketPath })).toBe("stable");
  });
});

describe("X-Real-IP that upstreams get", () => {
  const cluster = useCluster();

  // What no address could be is not handed on: the peer's own is.
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ["nothing is said", {}, "127.0.0.1"],
    ["X-Real-IP", { "X-Real-IP": "10.9.8.7" }, "10.9.8.7"],
    ["X-Real-IP before X-Forwarded-For", { "X-Real-IP": "10.9.8.7", "X-Forwarded-For": "10.0.0.1" }, "10.9.8.7"],
    ["IPv6", { "X-Real-IP": "2001:db8::7" }, "2001:db8::7"],
    ["IPv4 in IPv6", { "X-Real-IP": "::ffff:10.9.8.7" }, "::ffff:10.9.8.7"],
    ["X-Real-IP is none", { "X-Real-IP": "junk", "X-Forwarded-For": "10.0.0.1" }, "127.0.0.1"],
    ["two in X-Real-IP", { "X-Real-IP": "10.9.8.7, 10.0.0.1" }, "127.0.0.1"],
    ["markup in X-Real-IP", { "X-Real-IP": "10.9.8.7<b>" }, "127.0.0.1"],
    ["a list in X-Forwarded-For", { "X-Forwarded-For": " 10.0.0.1 , 8.8.8.8" }, "10.0.0.1"],
    ["IPv6 in X-Forwarded-For", { "X-Forwarded-For": "2001:db8::7,::1" }, "2001:db8::7"],
    ["X-Forwarded-For begins with none", { "X-Forwarded-For": "junk, 10.0.0.1" }, "127.0.0.1"],
  ])("%s", async (_, headers, wanted) => {
    await cluster.ask(cluster.newHost(), { headers });
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe(wanted);
  });
});

describe("trusted_proxies without most of loopback", () => {
  const cluster = useCluster({ config: () => ({ trusted_proxies: ["127.0.0.2", "10.0.0.0/8", "::1/128"] }) });

  test("what a peer that is not among them says of its address is ignored", async () => {
    const host = cluster.newHost();
    await cluster.divert(host, inTen, isLoopback);
    const claims = { "X-Real-IP": "10.0.0.1", "X-Forwarded-For": "10.0.0.1" };
    expect(await cluster.ask(host, { headers: claims })).toBe("beta2");
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("127.0.0.1");
    expect(await cluster.ask(host, { headers: claims, localAddress: "127.0.0.2" })).toBe("beta1");
    expect(cluster.backends.lastHeaders()["x-real-ip"]).toBe("10.0.0.1");
  });
});
