import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { usualNginx } from "../support/gateway.ts";
import { temporaryFolder } from "../support/installation.ts";
import { generousHttp, namedServers, startNativeNginx, type NativeNginx } from "../support/native_nginx.ts";
import { sendRaw } from "../support/raw_client.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { trafficRequest } from "./traffic_requests.ts";

const REQUESTS = numberFrom("TRAFFIC_FUZZ_REQUESTS", 5000);
const AT_ONCE = 8;
const LONG = 64 * 1024;
const names = ["stable", "beta1", "beta2", "beta3", "beta4"];
const host = "t.test";
/** Decided in the rewrite phase, as in locations written by hand. */
const byHand = "by-hand.test";

const dice = seededDice("TRAFFIC_FUZZ_SEED");
const folder = temporaryFolder();
let ports: Record<string, number> = {};
let servers: NativeNginx | undefined;

// Upstreams that take headers as long as the gateway does.
beforeAll(async () => {
  const free = await freePorts(names.length);
  ports = Object.fromEntries(names.map((name, i) => [name, free[i] ?? 0]));
  servers = await startNativeNginx(folder, namedServers(ports), ports["stable"] ?? 0);
});
afterAll(async () => {
  await servers?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const cluster = useCluster({
  prepare: (own) => {
    writeFileSync(join(own.folder, "http.conf"), generousHttp);
    writeFileSync(join(own.folder, "server.conf"), "# Nothing, but the renderer cannot know.\n");
  },
  config: (own) => ({
    hosts: [
      { server_name: "any.test", default_server: true, hostkey: "$host", default_upstream: "stable" },
      { server_name: byHand, default_upstream: "stable", include: join(own.folder, "server.conf") },
    ],
    include: join(own.folder, "http.conf"),
    upstreams: Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, { servers: [`127.0.0.1:${port}`] }])),
  }),
});

const digits = { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] };
const addresses = {
  divtype: "iprange",
  divdata: [
    { range: "10.0.0.0/8", upstream: "beta2" },
    { range: "2001:db8::/32", upstream: "beta3" },
  ],
};
const channels = {
  divtype: "arg",
  divdata: ["a b", "100%", "é", "a+b", "c&d"].map((value) => ({ name: "channel", value, upstream: "beta4" })),
};
const groups = { divtype: "cookie", divdata: [{ name: "g", value: "b", upstream: "beta4" }] };

async function ask(at: string, lines: readonly string[], path = "/", method = "GET"): Promise<string> {
  const text = `${method} ${path} HTTP/1.1\r\n${[`Host: ${at}`, ...lines].join("\r\n")}\r\n\r\n`;
  const answer = await sendRaw(cluster.port, { bytes: Buffer.from(text, "latin1") });
  return answer?.status === 200 ? answer.body.trim() : `HTTP ${answer?.status}`;
}

let isSet = false;
beforeEach(async () => {
  if (!isSet) {
    await cluster.divert(host, digits, addresses, channels, groups);
    await cluster.divert(byHand, digits, addresses, channels, groups);
    await cluster.divert("all.test", { divtype: "percent", divdata: [{ percent: 100, upstream: "beta1" }] });
    await cluster.divert(
      "path.test",
      { divtype: "url", divdata: [{ url: `/${"a".repeat(4000)}`, upstream: "beta1" }] },
      { divtype: "arg", divdata: [{ name: "channel", value: "é".repeat(2000), upstream: "beta2" }] },
    );
    isSet = true;
  }
});

describe("userinfo", () => {
  const many = "7".repeat(LONG - 1);
  test.each<[string, readonly string[], string]>([
    ["64 KB of digits that end in 1", [`X-Uid: ${many}1`], "beta1"],
    ["64 KB of digits that end in 2", [`X-Uid: ${many}2`], "stable"],
    ["64 KB of digits with a letter", [`X-Uid: x${many}1`], "stable"],
    ["more than nginx takes", [`X-Uid: ${"1".repeat(300 * 1024)}`], "HTTP 400"],
    ["an empty header", ["X-Uid:"], "stable"],
    ["a header of spaces", ["X-Uid:     "], "stable"],
    ["spaces around it", ["X-Uid:   1  "], "beta1"],
    ["bytes that are no UTF-8", ["X-Uid: \xff\xfe\x801"], "stable"],
    ["a tab in it", ["X-Uid: 1\t1"], "stable"],
    ["the header of another name", ["X_Uid: 1", "XUid: 1"], "stable"],
    ["an empty header before a full one", ["X-Env: ", "X-Uid: 1"], "beta1"],
  ])("%s", async (_what, lines, wanted) => {
    expect(await ask(host, lines)).toBe(wanted);
  });

  test("64 KB have a place among percents too", async () => {
    expect(await ask("all.test", [`X-Uid: ${many}`])).toBe("beta1");
    expect(await ask("all.test", ["X-Uid:"])).toBe("stable");
  });
});

describe("the client's address", () => {
  test.each([
    ["10.0.0.1", "beta2"],
    ["10.255.255.255", "beta2"],
    ["11.0.0.0", "stable"],
    ["::ffff:10.0.0.1", "beta2"],
    ["::FFFF:0a00:0001", "beta2"],
    ["0:0:0:0:0:ffff:10.0.0.1", "beta2"],
    ["2001:db8::1", "beta3"],
    ["2001:0DB8:0000:0000:0000:0000:0000:0001", "beta3"],
    ["2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "beta3"],
    ["2001:db9::", "stable"],
    ["2001:db8::1%eth0", "stable"],
    ["[2001:db8::1]", "stable"],
    ["10.0.0.1:80", "stable"],
    ["010.0.0.1", "stable"],
    ["167772161", "stable"],
    ["10.0.0", "stable"],
    ["10.0.0.1.", "stable"],
    ["10.0.0.256", "stable"],
    ["::10.0.0.1", "stable"],
    ["1::2::3", "stable"],
    ["\xff", "stable"],
    ["a".repeat(LONG), "stable"],
  ])("X-Real-IP %j counts as %s", async (address, wanted) => {
    expect(await ask(host, [`X-Real-IP: ${address}`])).toBe(wanted);
  });

  test.each([
    ["10.0.0.1", "beta2"],
    [" 10.0.0.1 , 8.8.8.8", "beta2"],
    ["10.0.0.1,junk,\xff", "beta2"],
    ["junk, 10.0.0.1", "stable"],
    [", 10.0.0.1", "stable"],
    [",", "stable"],
    ["8.8.8.8, 10.0.0.1", "stable"],
    ["2001:db8::1, ::1", "beta3"],
    [`10.0.0.1${", 1.1.1.1".repeat(7000)}`, "beta2"],
  ])("X-Forwarded-For %j counts as %s", async (list, wanted) => {
    expect(await ask(host, [`X-Forwarded-For: ${list}`])).toBe(wanted);
  });
});

describe("headers that come more than once", () => {
  const version = /(?:nginx|openresty)\/(\d+)\.(\d+)/.exec(spawnSync(usualNginx(), ["-v"], { encoding: "utf8" }).stderr);
  const [major = 0, minor = 0] = (version ?? []).slice(1).map(Number);
  /** From 1.23 on nginx makes one list of them, as others always did; before, the first was the header. */
  const joins = major > 1 || minor >= 23;

  /** What is reached, and where that is something else, what is once nginx joins them: "1, 2" is no uid and no address. */
  const repeated: readonly (readonly [lines: readonly string[], first: string, joined?: string])[] = [
    [["X-Uid: 1", "X-Uid: 2"], "beta1", "stable"],
    [["X-Uid: 2", "X-Uid: 1"], "stable"],
    [["x-uid: 1", "X-UID: 2"], "beta1", "stable"],
    [["X-Uid: 1", "X-Uid: 1"], "beta1", "stable"],
    [["X-Uid: ", "X-Uid: 1"], "stable"],
    [["X-Uid: 1", "X-Env: x", "X-Uid: "], "beta1", "stable"],
    [["X-Real-IP: 10.0.0.1", "X-Real-IP: 8.8.8.8"], "beta2", "stable"],
    [["X-Real-IP: 8.8.8.8", "X-Real-IP: 10.0.0.1"], "stable"],
    [["X-Forwarded-For: 10.0.0.1", "X-Forwarded-For: 8.8.8.8"], "beta2"],
    [["X-Forwarded-For: 8.8.8.8", "X-Forwarded-For: 10.0.0.1"], "stable"],
    [["X-Forwarded-For: 10.0.0.1, junk", "X-Forwarded-For: junk"], "beta2"],
    [["X-Forwarded-For: junk", "X-Forwarded-For: 10.0.0.1"], "stable"],
    [["X-Forwarded-For: 10.0.0.1", "X-Real-IP: 8.8.8.8"], "stable"],
    [["X-Forwarded-For: 8.8.8.8", "X-Forwarded-For: 8.8.4.4", "X-Real-IP: 10.0.0.1"], "beta2"],
    [["Cookie: g=b", "Cookie: g=c"], "beta4"],
    [["Cookie: g=c", "Cookie: g=b"], "stable"],
    [["Cookie: a=1", "Cookie: g=b"], "beta4"],
    [["Cookie: a=1; g=c", "X-Env: x", "Cookie: g=b"], "stable"],
    [["Cookie:", "Cookie: g=b"], "beta4"],
  ];

  test.each([host, byHand].flatMap((at) => repeated.map(([lines, first, joined = first]) => [at, lines, joins ? joined : first] as const)))(
    "%s, %j: %s",
    async (at, lines, wanted) => {
      expect(await ask(at, lines)).toBe(wanted);
    },
  );
});

describe("arguments, cookies and paths", () => {
  test.each([
    ["/?channel=a+b", "beta4"],
    ["/?channel=a%20b", "beta4"],
    ["/?channel=100%", "beta4"],
    ["/?channel=100%25", "beta4"],
    ["/?channel=%C3%A9", "beta4"],
    ["/?channel=%c3%a9", "beta4"],
    ["/?channel=\xc3\xa9", "beta4"],
    ["/?channel=a%2Bb", "beta4"],
    ["/?channel=c%26d", "beta4"],
    ["/?CHANNEL=a+b", "beta4"],
    ["/?x=1&channel=a+b&channel=z", "beta4"],
    ["/?channel=z&channel=a+b", "stable"],
    ["/?channel=a%00b", "stable"],
    ["/?channel=a+b%00", "stable"],
    ["/?channel=%00", "stable"],
    ["/?channel=%", "stable"],
    ["/?channel=%C3", "stable"],
    ["/?channel=\xe9", "stable"],
    ["/?channel", "stable"],
    ["/?channel=", "stable"],
    ["/?&&=&channel=a+b", "beta4"],
    [`/?channel=${"%61".repeat(LONG / 4)}`, "stable"],
    [`/?${"&".repeat(LONG)}channel=a+b`, "beta4"],
    [`/${"a".repeat(LONG)}`, "stable"],
    [`/${"a".repeat(300 * 1024)}`, "HTTP 414"],
    ["/%00", "HTTP 400"],
    ["/../../etc/passwd", "HTTP 400"],
  ])("%j reaches %s", async (path, wanted) => {
    expect(await ask(host, [], path)).toBe(wanted);
  });

  test("a path of thousands of characters, also encoded, is found", async () => {
    expect(await ask("path.test", [], `/${"a".repeat(4000)}`)).toBe("beta1");
    expect(await ask("path.test", [], `/${"%61".repeat(4000)}`)).toBe("beta1");
    expect(await ask("path.test", [], `/${"%61".repeat(4001)}`)).toBe("stable");
  });

  test("an argument of thousands of escapes is found", async () => {
    expect(await ask("path.test", [], `/?channel=${"%C3%a9".repeat(2000)}`)).toBe("beta2");
    expect(await ask("path.test", [], `/?channel=${"%C3%a9".repeat(1999)}%C3`)).toBe("stable");
    expect(await ask("path.test", [], `/?channel=${"%C3%a9".repeat(10_000)}`)).toBe("stable");
  });

  test.each([
    ["g=b", "beta4"],
    ["a=1; g=b; c=2", "beta4"],
    ["G=b", "beta4"],
    ["xg=b", "stable"],
    ["g=b=c", "stable"],
    ['g="b"', "stable"],
    ["g=\x80\xff", "stable"],
    [";;;; g=b", "beta4"],
    ["=; g=b", "beta4"],
    [`${"x=y; ".repeat(10_000)}g=b`, "beta4"],
  ])("Cookie: %j reaches %s", async (cookie, wanted) => {
    expect(await ask(host, [`Cookie: ${cookie}`])).toBe(wanted);
  });
});

test(`${REQUESTS} requests that no browser sends: an upstream's answer, or nginx's own word on HTTP`, { timeout: 600_000 }, async () => {
  const pids = await workerPids(cluster);
  const outcomes = new Map<string, number>();
  const refusals = [400, 404, 405, 414, 501, 505];
  for (let done = 0; done < REQUESTS; done += AT_ONCE) {
    const requests = Array.from({ length: AT_ONCE }, () => trafficRequest(dice, host));
    const answers = await Promise.all(requests.map((request) => sendRaw(cluster.port, request)));
    for (const [i, answer] of answers.entries()) {
      const status = answer?.status ?? 0;
      const body = answer?.body.trim() ?? "";
      const isRight = requests[i]?.isHead === true ? status === 200 || refusals.includes(status) : status === 200 ? names.includes(body) : refusals.includes(status);
      const context = `TRAFFIC_FUZZ_SEED=${dice.seed} request ${done + i}: ${JSON.stringify(requests[i]?.bytes.toString("latin1").slice(0, 2000))} was answered ${status} ${body.slice(0, 200)}`;
      expect(isRight, isRight ? "" : context).toBe(true);
      const outcome = status === 200 && requests[i]?.isHead !== true ? body : `${status}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  console.info([...outcomes].sort().map(([outcome, count]) => `${outcome}: ${count}`).join(", "));
  expect(await workerPids(cluster)).toEqual(pids);
  expectNoFaults(cluster, `TRAFFIC_FUZZ_SEED=${dice.seed}`);
  for (const name of names) {
    expect(outcomes.get(name) ?? 0).toBeGreaterThan(0);
  }
});
