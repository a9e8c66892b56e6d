import { lstatSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectNoFaults } from "../support/error_log.ts";
import { run } from "../support/installation.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

/** A site where upstream.conf is root's own, and a timer of root's writes it. */
const upstreams = useUpstreamCluster({ config: { dynamic_upstreams: { written_by: "operator" } } });
const { cluster } = upstreams;

const write = (): void => {
  const conf = ["-c", join(cluster.folder, "dygateway.yaml"), "-o", join(cluster.folder, "conf")];
  run(join(cluster.prefix, "bin", "dygateway"), ["upstream", "write", ...conf]);
};

test("the gateway leaves upstream.conf alone, and finds nothing wrong with that", async () => {
  const before = statSync(upstreams.confFile);
  const [server] = await upstreams.servers(1);
  const name = await upstreams.set(`server ${server.address};`);
  await upstreams.everyWorkerAnswers(name, "s1");
  await cluster.restart();
  await upstreams.everyWorkerAnswers(name, "s1");
  const { data } = await cluster.done("status");
  const path = join(cluster.folder, "conf", "upstream.conf");
  expect(data.upstreams.conf).toEqual({ path, written_by: "operator", revision: null, problem: "" });
  expect(lstatSync(path).isFile()).toBe(true);
  const after = statSync(upstreams.confFile);
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
});

test("an operator brings into it what is in force, and nginx takes it at the next reload", async () => {
  const [server] = await upstreams.servers(1);
  const name = await upstreams.set(`server ${server.address};`);
  write();
  expect(readFileSync(upstreams.confFile, "utf8")).toContain(`upstream ${name} {\n    server ${server.address};`);
  cluster.gateway.reload();
  await upstreams.everyWorkerAnswers(name, "s1");
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "upstream.conf is an operator's");
});
