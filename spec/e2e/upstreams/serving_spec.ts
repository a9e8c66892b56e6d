import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { WORKERS } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const { cluster } = upstreams;

interface UpstreamsStatus {
  readonly problem: string;
  readonly broken: readonly { readonly name: string; readonly last_good_served: boolean; readonly reason: string }[];
}

/** The part of `status` that speaks of upstreams. */
async function status(): Promise<UpstreamsStatus> {
  return (await cluster.done("status")).data.upstreams as UpstreamsStatus;
}

describe("upstreams that nginx did not know when it started", () => {
  test("are served by an unmodified location as soon as they are there", async () => {
    const { address } = await upstreams.server("fresh");
    const name = upstreams.newName();
    expect(await upstreams.answerer(name)).toBe("502");
    await upstreams.set(`server ${address};`, name);
    await upstreams.everyWorkerAnswers(name, "fresh");
  });

  test("are served when somebody writes them with redis-cli", async () => {
    const { address } = await upstreams.server("byhand");
    const name = upstreams.newName();
    await upstreams.byHand({ [name]: `server ${address} weight=2;` });
    await upstreams.everyWorkerAnswers(name, "byhand");
    const other = await upstreams.server("changed");
    await upstreams.byHand({ [name]: `server ${other.address};` });
    await upstreams.everyWorkerAnswers(name, "changed");
    await cluster.redis.client.hdel("ab:test:upstreams", name);
    await upstreams.everyWorkerAnswers(name, "502");
  });

  test("stand beside those of upstream.conf and plain addresses in one diversion policy", async () => {
    const { address } = await upstreams.server("dynamic");
    const plain = await upstreams.server("plain");
    const name = await upstreams.set(`server ${address};`);
    const host = cluster.newHost();
    await cluster.divert(host, {
      divtype: "uidsuffix",
      divdata: [{ suffix: 1, upstream: name }, { suffix: 2, upstream: "beta1" }, { suffix: 3, upstream: plain.address }],
    });
    const answers = await Promise.all([1, 2, 3, 4].map((uid) => cluster.ask(host, { headers: { "X-Uid": `${uid}` } })));
    expect(answers).toEqual(["dynamic", "beta1", "plain", "stable"]);
  });

  test("may have a location's own default, and take over a name of upstream.conf", async () => {
    const { address } = await upstreams.server("successor");
    expect(await upstreams.answerer("beta2")).toBe("beta2");
    await upstreams.set(`server ${address};`, "beta2");
    await upstreams.everyWorkerAnswers("beta2", "successor");
    // nginx does not tell capitals from small letters, either.
    await upstreams.everyWorkerAnswers("BETA2", "successor");
    await cluster.redis.client.hset("ab:test:upstreams", "beta2", "removed;");
    await upstreams.everyWorkerAnswers("beta2", "502");
    expect(cluster.gateway.errorLog()).toContain("upstream 'beta2': it was removed");
  });

  test("may be unix sockets", async () => {
    const { address } = await upstreams.server("socket", { path: join(cluster.folder, "peer.sock") });
    const name = await upstreams.set(`server ${address};`);
    await upstreams.everyWorkerAnswers(name, "socket");
  });

  test("answer 502 when nobody is there, and the log names the upstream", async () => {
    const [gone] = await upstreams.servers(1);
    const name = await upstreams.set(`server ${gone.address} down;`);
    expect(await upstreams.answerer(name)).toBe("502");
    await until("it is logged", () => cluster.gateway.errorLog().includes(`upstream '${name}': no peer of it can be tried`));
  });

  test("appear in the access log by their own names", async () => {
    const { address } = await upstreams.server("logged");
    const name = await upstreams.set(`server ${address};`);
    await upstreams.visit(name, { path: "/logged" });
    const line = new RegExp(`"GET /to/${name}/logged HTTP/1.1" 200 .* backend=${name} upstream=${address} `);
    await until("it is logged", () => line.test(readFileSync(join(cluster.folder, "logs/access.log"), "utf8")));
  });
});

describe("a definition in Redis that cannot be read", () => {
  test("leaves in force what was, is named in status and log, and holds up no other", async () => {
    const { address } = await upstreams.server("lastgood");
    const name = await upstreams.set(`server ${address};`);
    const never = upstreams.newName();
    const other = upstreams.newName();
    await upstreams.byHand({ [name]: "server 1.2.3.4:99999;", [never]: "no such statement;", [other]: `server ${address};` });
    await upstreams.everyWorkerAnswers(other, "lastgood");
    await upstreams.everyWorkerAnswers(name, "lastgood");
    expect(await upstreams.answerer(never)).toBe("502");
    const { broken } = await status();
    expect(broken.find((one) => one.name === name)).toMatchObject({ last_good_served: true, reason: expect.stringContaining("port") });
    expect(broken.find((one) => one.name === never)).toMatchObject({ last_good_served: false });
    const lines = cluster.gateway.errorLog().split("\n").filter((line) => line.includes(`upstream ${name} is not served as Redis has it`));
    expect(lines.length).toBe(WORKERS);
    await upstreams.byHand({ [name]: `server ${address};`, [never]: `server ${address};` });
    await upstreams.everyWorkerAnswers(never, "lastgood");
    await until("nothing is broken", async () => (await status()).broken.length === 0);
  });

  test("is told from a hash that is none: all upstreams stay", async () => {
    const { address } = await upstreams.server("kept");
    const name = await upstreams.set(`server ${address};`);
    const host = cluster.newHost();
    await cluster.divert(host, { divtype: "url", divdata: [{ url: "/", upstream: "beta1" }] });
    const { client } = cluster.redis;
    await client.rename("ab:test:upstreams", "aside");
    await client.set("ab:test:upstreams", "oops");
    await until("it is reported", async () => (await status()).problem.includes("WRONGTYPE"));
    await upstreams.everyWorkerAnswers(name, "kept");
    // The rest of the store is followed as ever.
    await cluster.done("runtime_del", { hostname: host });
    expect(await cluster.ask(host)).toBe("stable");
    await client.rename("aside", "ab:test:upstreams");
    await until("it is over", async () => (await status()).problem === "");
    await upstreams.everyWorkerAnswers(name, "kept");
  });
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "serving");
});
