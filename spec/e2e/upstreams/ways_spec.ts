import { createServer, type Server } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useCluster, WORKERS } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { until } from "../support/until.ts";
import { UpstreamCluster } from "./upstream_cluster.ts";

/*
 * Locations that `dygateway render` knows whole choose the way of a request before the rewrite phase (ADR 0014); most
 * other specs of upstreams run with files of their own in the server block, where the rewrite phase decides.
 */
const host = "whole.test";
/** What a hostkey may have in it at the worst; two hyphens begin a comment in Lua. */
const oddKey = "o--d:d_.*";
const cluster = useCluster({
  config: () => ({
    hosts: [
      {
        server_name: host,
        default_server: true,
        default_upstream: "stable",
        locations: [
          { path: "/" },
          { path: "/plain/", divert: false, default_upstream: "beta3" },
          { path: "/static/", divert: false, default_upstream: "beta4" },
        ],
      },
      { server_name: "odd.test", hostkey: oddKey, default_upstream: "stable" },
    ],
    logging: { level: "notice" },
  }),
});
const upstreams = new UpstreamCluster(cluster);
afterAll(() => upstreams.stop());

const byUid = (uid: string): { headers: { "X-Uid": string } } => ({ headers: { "X-Uid": uid } });
const nobodyRuns = (name: string): Promise<void> => upstreams.connsAre(name, 0);

async function divertLastDigitOne(upstream: string): Promise<void> {
  await cluster.divert(host, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream }, { suffix: 2, upstream: "beta2" }] });
}

test("the location is rendered with a choice of the way, and no request ends in Lua that need not", () => {
  const vhost = readFileSync(join(cluster.folder, "conf/vhosts/whole.test.conf"), "utf8");
  expect(vhost).toContain('set_by_lua_block $dygateway_way { return dygateway_divert("whole.test", "stable") }');
  expect(vhost).toContain('set_by_lua_block $dygateway_way { return dygateway_balance("beta3") }');
  expect(readFileSync(join(cluster.folder, "conf/nginx.conf"), "utf8")).not.toContain("log_by_lua");
});

describe("a request", () => {
  test("goes to nginx's own upstreams, diverted and not, with and without dynamic ones beside them", async () => {
    await divertLastDigitOne("beta1");
    expect(await cluster.ask(host, byUid("21"))).toBe("beta1");
    expect(await cluster.ask(host, byUid("22"))).toBe("beta2");
    expect(await cluster.ask(host, byUid("23"))).toBe("stable");
    await upstreams.set("server 127.0.0.1:1;");
    expect(await cluster.ask(host, byUid("21"))).toBe("beta1");
    expect(await cluster.ask(host)).toBe("stable");
  });

  test("is decided by its hostkey, whatever stands in it", async () => {
    await cluster.divert(oddKey, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta4" }] });
    expect(await cluster.ask("odd.test", byUid("21"))).toBe("beta4");
    expect(await cluster.ask("odd.test", byUid("22"))).toBe("stable");
  });

  test("goes to a dynamic upstream, ends there, and is logged under its name", async () => {
    const { address } = await upstreams.server("dynamic");
    const name = await upstreams.set(`server ${address};`);
    await divertLastDigitOne(name);
    for (let n = 0; n < WORKERS * 8; n++) {
      expect(await cluster.ask(host, byUid("31"))).toBe("dynamic");
    }
    expect(await cluster.ask(host, byUid("32"))).toBe("beta2");
    await nobodyRuns(name);
    expect((await upstreams.firstPeer(name)).requests).toBe(WORKERS * 8);
    await until("the access log names it", () => readFileSync(join(cluster.folder, "logs/access.log"), "utf8").includes(`hostkey=whole.test backend=${name} upstream=${address} `));
  });

  test("goes to a dynamic upstream that keeps no connections, and to one that was removed", async () => {
    const { address } = await upstreams.server("closing");
    const name = await upstreams.set(`server ${address}; keepalive 0;`);
    await divertLastDigitOne(name);
    expect(await cluster.ask(host, byUid("41"))).toBe("closing");
    await nobodyRuns(name);
    await upstreams.done("remove_upstream", { upstream: name, force: 1 });
    expect((await cluster.send(host, byUid("41"))).status).toBe(502);
    expect(await cluster.ask(host, byUid("43"))).toBe("stable");
  });

  test("of a location that diverts nobody goes to its default, static or dynamic", async () => {
    expect(await cluster.ask(host, { path: "/plain/", ...byUid("41") })).toBe("beta3");
    const { address } = await upstreams.server("plain");
    await upstreams.set(`server ${address};`, "beta3");
    expect(await cluster.ask(host, { path: "/plain/", ...byUid("41") })).toBe("plain");
    await nobodyRuns("beta3");
  });

  test("whose first peer refuses is tried with the next, and the failure counts", async () => {
    const [refusing = 0] = await freePorts(1);
    const { address } = await upstreams.server("second");
    const name = await upstreams.set(`server 127.0.0.1:${refusing} fail_timeout=60s; server ${address};`);
    await divertLastDigitOne(name);
    for (let n = 0; n < WORKERS * 4; n++) {
      expect(await cluster.ask(host, byUid("51"))).toBe("second");
    }
    await nobodyRuns(name);
    const [first, second] = await upstreams.peers(name);
    expect(first?.failures).toBeGreaterThan(0);
    expect(second?.requests).toBe(WORKERS * 4);
  });

  test("whose only peer refuses is answered 502, and the failure counts", async () => {
    const [one = 0, other = 0] = await freePorts(2);
    const name = await upstreams.set(`server 127.0.0.1:${one}; server 127.0.0.1:${other};`);
    await divertLastDigitOne(name);
    expect((await cluster.send(host, byUid("61"))).status).toBe(502);
    await nobodyRuns(name);
    const peers = await upstreams.peers(name);
    expect(peers.map(({ failures }) => failures)).toEqual([1, 1]);
  });
});

describe("an upstream that sends a request elsewhere", () => {
  let redirecting: Server;
  let port = 0;
  beforeAll(async () => {
    [port = 0] = await freePorts(1);
    redirecting = createServer((request, answer) => {
      answer.setHeader("X-Accel-Redirect", String(request.headers["x-to"]));
      answer.end();
    });
    await new Promise<void>((resolve) => redirecting.listen(port, "127.0.0.1", resolve));
  });
  afterAll(() => {
    redirecting.closeAllConnections();
    redirecting.close();
  });

  test.each([
    ["to one of nginx's own", "/static/", "beta4"],
    ["to another dynamic one", "/plain/", "target"],
  ])("%s leaves its peer free", async (_what, to, answerer) => {
    const { address } = await upstreams.server("target");
    await upstreams.set(`server ${address};`, "beta3");
    const name = await upstreams.set(`server 127.0.0.1:${port};`);
    await divertLastDigitOne(name);
    expect(await cluster.ask(host, { headers: { "X-Uid": "71", "X-To": to } })).toBe(answerer);
    await nobodyRuns(name);
    await nobodyRuns("beta3");
    expect((await upstreams.firstPeer(name)).failures).toBe(0);
  });
});

/** How the versions before the globals of phases/init.ts rendered their calls, and the blocks around them. */
const earlier: readonly (readonly [string, string])[] = [
  ["dygateway_divert(", 'package.loaded["dygateway.phases.set"].divert('],
  ["dygateway_balance(", 'package.loaded["dygateway.phases.set"].balance('],
  ["dygateway_balance_in_rewrite(", 'package.loaded["dygateway.phases.rewrite"].balance('],
  ["dygateway_pick(", 'package.loaded["dygateway.phases.balancer"].pick('],
  ["dygateway_finish_whole(", 'package.loaded["dygateway.phases.log"].finish('],
  ["dygateway_finish(", 'package.loaded["dygateway.phases.log"].finish('],
  ["            break;\n", ""],
];

describe("what an earlier version has rendered", () => {
  test("goes on to divert and to balance, and counts a failure", async () => {
    for (const file of ["nginx.conf", "vhosts/whole.test.conf", "vhosts/odd.test.conf"]) {
      const path = join(cluster.folder, "conf", file);
      const text = earlier.reduce((all, [now, then]) => all.replaceAll(now, then), readFileSync(path, "utf8"));
      expect(text).toContain('package.loaded["dygateway.phases.');
      expect(text).not.toContain("break;");
      expect(text).not.toMatch(/\bdygateway_(divert|balance|pick|finish)\w*\(/);
      writeFileSync(path, text);
    }
    await cluster.restart();
    const [refusing = 0] = await freePorts(1);
    const { address } = await upstreams.server("old");
    const name = await upstreams.set(`server ${address}; server 127.0.0.1:${refusing} fail_timeout=60s;`);
    const closing = await upstreams.set(`server ${address}; keepalive 0;`);
    await upstreams.set(`server ${address};`, "beta3");
    await cluster.divert(host, { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: name }, { suffix: 2, upstream: "beta2" }, { suffix: 3, upstream: closing }] });
    for (let n = 0; n < WORKERS * 4; n++) {
      expect(await cluster.ask(host, byUid("81"))).toBe("old");
    }
    expect(await cluster.ask(host, byUid("82"))).toBe("beta2");
    expect(await cluster.ask(host, byUid("83"))).toBe("old");
    expect(await cluster.ask(host, byUid("84"))).toBe("stable");
    expect(await cluster.ask(host, { path: "/plain/" })).toBe("old");
    expect(await cluster.ask(host, { path: "/static/" })).toBe("beta4");
    for (const each of [name, closing, "beta3"]) {
      await nobodyRuns(each);
    }
    const [good, bad] = await upstreams.peers(name);
    expect(good?.requests).toBe(WORKERS * 4);
    expect(bad?.failures).toBeGreaterThan(0);
  });
});

test("nothing of this has left a fault in the error log", () => {
  expectNoFaults(cluster, "ways");
});
