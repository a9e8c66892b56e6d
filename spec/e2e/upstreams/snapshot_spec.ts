import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { linesSince, snapshotIsSaved } from "../promises/faults.ts";
import { KeptConnection } from "../promises/kept_connection.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const { cluster } = upstreams;
let host = "";
let first = "";
let second = "";

function stateFile(name: string): string {
  return join(cluster.folder, "snapshot", name);
}

function linesOf(name: string): string[] {
  return readFileSync(stateFile(name), "utf8").trimEnd().split("\n");
}

/** A state file as the gateway writes it: each line's digest goes on from the one before. */
function writeState(format: string, lines: readonly string[]): void {
  const digest = lines.reduce((before, line) => createHash("md5").update(before + line).digest("hex"), "");
  writeFileSync(stateFile("state"), `${[`${format} ${digest} ${lines.length}`, ...lines].join("\n")}\n`);
}

/** Ends nginx and Redis, changes files, and starts nginx alone. */
async function restartWith(change: () => void): Promise<void> {
  await snapshotIsSaved(cluster);
  await cluster.redis.kill();
  await cluster.gateway.stop();
  change();
  cluster.gateway.start();
  await cluster.ready(false);
}

beforeAll(async () => {
  const [one, two] = await upstreams.servers(2);
  first = await upstreams.set(`server ${one.address};`);
  second = await upstreams.set(`server ${two.address} weight=3;`);
  host = cluster.newHost();
  await cluster.divert(host, { divtype: "url", divdata: [{ url: "/", upstream: "beta3" }] });
});

/** Who answers the first requests that a worker has for an upstream. */
async function firstEight(name: string): Promise<string> {
  const connection = new KeptConnection(cluster.port);
  const names: string[] = [];
  for (let n = 0; n < 8; n++) {
    const { body } = await connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`);
    names.push(/this is (\w+) server/.exec(body)?.[1] ?? body);
  }
  connection.close();
  return names.join(" ");
}

test("a node that starts without Redis serves the upstreams of its snapshot, with the same weights", async () => {
  const [one, two] = await upstreams.servers(2);
  const body = `server ${one.address} weight=3 max_fails=4 max_conns=9; server ${two.address}; server 127.0.0.1:1 backup; server 127.0.0.1:2 drain;`;
  const weighted = await upstreams.set(body);
  const servers = (await upstreams.done("get_servers", {})).data as unknown;
  const sequence = "s1 s1 s2 s1 s1 s1 s2 s1";
  expect(await firstEight(weighted)).toBe(sequence);
  await restartWith(() => undefined);
  expect((await upstreams.done("get_servers", {})).data).toEqual(servers);
  expect(await firstEight(weighted)).toBe(sequence);
  await upstreams.everyWorkerAnswers(first, "s1");
  await upstreams.everyWorkerAnswers(second, "s2");
  expect(await cluster.ask(host)).toBe("beta3");
  expect(linesOf("state")[0]).toMatch(/^dygateway-state 2 /);
});

test("a snapshot of before there were upstreams is served, too", async () => {
  await cluster.redis.start();
  await cluster.ready();
  await restartWith(() => {
    const [, position = "", ...manifests] = linesOf("state");
    const { runtimes, ...rest } = JSON.parse(position) as { readonly runtimes: number };
    writeState("dygateway-state 1", [JSON.stringify(rest), ...manifests.slice(0, runtimes)]);
  });
  expect(await cluster.ask(host)).toBe("beta3");
  expect((await cluster.done("status")).data.upstreams.count).toBe(0);
});

test("an upstream that was damaged on the disk is not served: the state before is", async () => {
  await cluster.redis.start();
  await cluster.ready();
  await upstreams.everyWorkerAnswers(first, "s1");
  // What is on the disk now is the state before.
  await snapshotIsSaved(cluster);
  await upstreams.set(`server 127.0.0.1:${cluster.backends.ports.beta4};`, second);
  await restartWith(() => {
    const text = readFileSync(stateFile("state"), "utf8");
    writeFileSync(stateFile("state"), text.replace(`:${cluster.backends.ports.beta4};`, ":1;"));
  });
  await upstreams.everyWorkerAnswers(second, "s2");
  expect(cluster.gateway.errorLog()).toContain("state is not used: it is damaged or cut off");
});

test("files that are newer than the snapshot which is served are not written over, until Redis was read", async () => {
  await cluster.redis.start();
  await cluster.ready();
  await snapshotIsSaved(cluster);
  const older = readFileSync(stateFile("state"), "utf8");
  const [one] = await upstreams.servers(1);
  const newest = await upstreams.set(`server ${one.address};`);
  await until("upstream.conf is written", () => readFileSync(upstreams.confFile, "utf8").includes(`upstream ${newest} {`));
  const conf = readFileSync(upstreams.confFile, "utf8");
  const log = cluster.gateway.errorLog();
  await restartWith(() => {
    writeFileSync(stateFile("state"), older);
  });
  // The leading worker's rounds; what it writes, it writes after one.
  await until("Redis was looked for", () => linesSince(cluster, log).filter((line) => /connect\(\).*redis\.sock failed.*ngx\.timer/.test(line)).length > 3);
  expect(readFileSync(stateFile("state"), "utf8")).toBe(older);
  expect(readFileSync(upstreams.confFile, "utf8")).toBe(conf);
  await cluster.redis.start();
  await upstreams.everyWorkerAnswers(newest, "s1");
  await snapshotIsSaved(cluster);
  expect(readFileSync(stateFile("state"), "utf8")).toContain(`"${newest}"`);
});
