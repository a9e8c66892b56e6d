import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectNoFaults } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { usualNginx } from "../support/gateway.ts";
import { send } from "../support/http.ts";
import { startNativeNginx } from "../support/native_nginx.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster({
  // As operators write it for what they do not divert.
  locations: "location = /by-its-name { proxy_pass http://beta2; }",
});
const { cluster } = upstreams;

interface ConfStatus {
  readonly revision: number | null;
  readonly problem: string;
}

async function confStatus(): Promise<ConfStatus> {
  return (await cluster.done("status")).data.upstreams.conf as ConfStatus;
}

function file(): string {
  return readFileSync(upstreams.confFile, "utf8");
}

/** Waits until the file holds what is in force: with text that the last change has brought. */
function holds(text: string): Promise<void> {
  return until(`upstream.conf holds ${text}`, () => file().includes(text));
}

/** Starts a plain nginx from the file and asks it who answers for each of the names. */
async function plainNginx(names: readonly string[], requests: number): Promise<string[][]> {
  const [port = 0] = await freePorts(1);
  const folder = join(cluster.folder, `plain${port}`);
  const server = `server { listen 127.0.0.1:${port}; location ~ ^/to/(?<to>[^/]+)/ { proxy_pass http://$to; } }\n`;
  const nginx = await startNativeNginx(folder, `include ${upstreams.confFile};\n${server}`, port);
  try {
    execFileSync(usualNginx(), ["-t", "-q", "-p", folder, "-c", join(folder, "nginx.conf")]);
    const answers: string[][] = [];
    for (const name of names) {
      const own: string[] = [];
      for (let n = 0; n < requests; n++) {
        own.push((await send(port, { path: `/to/${name}/` })).text.trim());
      }
      answers.push(own);
    }
    return answers;
  } finally {
    await nginx.stop();
  }
}

test("a plain nginx that is started from upstream.conf serves the same members, by the same weights", async () => {
  const [one, two, three] = await upstreams.servers(3);
  const weighted = await upstreams.set(`server ${one.address} weight=3 max_fails=2; server ${two.address}; server ${three.address} backup;`);
  const least = await upstreams.set(`least_conn; server ${two.address} max_conns=9; server ${three.address} down; keepalive 7;`);
  const special = await upstreams.set(`server ${one.address} slow_start=10s; server ${two.address} drain; check type=tcp;`);
  const without = await upstreams.set(`server ${three.address} down;`);
  await upstreams.set(`server ${three.address};`, "beta4");
  await upstreams.done("remove_upstream", { upstream: "beta3" });
  await holds("removed: beta3");
  const names = [weighted, least, special, "beta4", "stable", without, "beta3"];
  const [byWeight, byLeast, bySpecial, beta4, stable, none, removed] = await plainNginx(names, 8);
  const counted = (answers: string[] | undefined, name: string): number => answers?.filter((answer) => answer === `this is ${name} server`).length ?? 0;
  expect([counted(byWeight, "s1"), counted(byWeight, "s2")]).toEqual([6, 2]);
  expect(counted(byLeast, "s2")).toBe(8);
  expect(counted(bySpecial, "s1")).toBe(8);
  expect(counted(beta4, "s3")).toBe(8);
  expect(counted(stable, "stable")).toBe(8);
  expect(none?.every((answer) => answer.includes("502 Bad Gateway"))).toBe(true);
  expect(removed?.every((answer) => answer.includes("502 Bad Gateway"))).toBe(true);
  expect(await confStatus()).toMatchObject({ problem: "" });
});

test("what stood there before the first change is kept beside it, once", async () => {
  const original = readFileSync(`${upstreams.confFile}.orig`, "utf8");
  expect(original).toContain("upstream beta3 {");
  expect(original).not.toContain(">>> dygateway");
  const [server] = await upstreams.servers(1);
  const name = await upstreams.set(`server ${server.address};`);
  await holds(`upstream ${name} {`);
  expect(readFileSync(`${upstreams.confFile}.orig`, "utf8")).toBe(original);
});

test("nothing is written where nothing has changed, not even after a restart", async () => {
  const [server] = await upstreams.servers(1);
  const name = await upstreams.set(`server ${server.address};`);
  await holds(`upstream ${name} {`);
  const before = statSync(upstreams.confFile);
  await cluster.divert(cluster.newHost(), { divtype: "url", divdata: [{ url: "/", upstream: name }] });
  await cluster.restart();
  await until("it was looked at", async () => (await confStatus()).problem === "");
  const after = statSync(upstreams.confFile);
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  await upstreams.everyWorkerAnswers(name, "s1");
});

test("an upstream that is removed is gone, also where nginx has read it from the file", async () => {
  const [server] = await upstreams.servers(1);
  const name = await upstreams.set(`server ${server.address};`);
  await holds(`upstream ${name} {`);
  await cluster.restart();
  await upstreams.everyWorkerAnswers(name, "s1");
  await upstreams.done("remove_upstream", { upstream: name });
  await until("it is out of the file", () => !file().includes(`upstream ${name} {`));
  await upstreams.everyWorkerAnswers(name, "502");
  expect(cluster.gateway.errorLog()).toContain(`upstream '${name}': it was removed`);
});

test("nginx starts while a location names an upstream that is removed, and serves it again once it is added", async () => {
  const byItsName = async (): Promise<string> => (await send(cluster.port, { path: "/by-its-name" })).text.trim();
  expect(await byItsName()).toBe("this is beta2 server");
  await upstreams.done("remove_upstream", { upstream: "beta2" });
  await holds("removed: beta2");
  await cluster.restart();
  expect(await byItsName()).toContain("502 Bad Gateway");
  await upstreams.everyWorkerAnswers("beta2", "502");
  // Without the mark, the operator's own definition counts; to nginx the name is still the block that takes its place.
  await cluster.redis.client.hdel("ab:test:upstreams", "beta2");
  await upstreams.everyWorkerAnswers("beta2", "beta2");
  await until("the mark is out of the file", () => !file().includes("removed: beta2"));

  await upstreams.done("remove_upstream", { upstream: "beta2" });
  await holds("removed: beta2");
  const [server] = await upstreams.servers(1);
  await upstreams.set(`server ${server.address};`, "beta2");
  await upstreams.everyWorkerAnswers("beta2", "s1");
  await holds(`server ${server.address};`);
  await cluster.restart();
  expect(await byItsName()).toBe("this is s1 server");
});

test("a definition that the file had of its own counts again, when the one that replaced it is taken out of Redis", async () => {
  const [server] = await upstreams.servers(1);
  // With a directive that means nothing to the gateway.
  writeFileSync(upstreams.confFile, file().replace("upstream beta1 {", "upstream beta1 {\n    zone beta1 64k;"));
  await upstreams.set(`server ${server.address};`, "beta1");
  await holds("#dygateway:     zone beta1 64k;");
  await cluster.restart();
  await upstreams.everyWorkerAnswers("beta1", "s1");
  await cluster.redis.client.hdel("ab:test:upstreams", "beta1");
  await upstreams.everyWorkerAnswers("beta1", "beta1");
});

test("many changes are one file, which is never seen half", async () => {
  const servers = await upstreams.servers(2);
  const name = upstreams.newName();
  const over = new AbortController();
  let seen = 0;
  const reader = (async () => {
    while (!over.signal.aborted) {
      const text = file();
      expect(text.includes(">>> dygateway")).toBe(text.includes("<<< dygateway"));
      expect(text).toContain("upstream stable {");
      seen++;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  for (let round = 1; round <= 30; round++) {
    await upstreams.set(servers.map(({ address }) => `server ${address} weight=${round};`).join(" "), name);
  }
  await holds("weight=30");
  over.abort();
  await reader;
  expect(seen).toBeGreaterThan(10);
});

test("an operator's edit stays, and one that breaks the file is not thrown away", async () => {
  const [server] = await upstreams.servers(1);
  const edited = `# by hand\n${file()}`;
  writeFileSync(upstreams.confFile, edited);
  const name = await upstreams.set(`server ${server.address};`);
  await holds(`upstream ${name} {`);
  expect(file().startsWith("# by hand\n")).toBe(true);
  const good = file();
  writeFileSync(upstreams.confFile, `upstream half {\n${good}`);
  const other = await upstreams.set(`server ${server.address};`);
  await until("it is reported", async () => (await confStatus()).problem !== "");
  expect(file()).toBe(`upstream half {\n${good}`);
  // Requests do not depend on the file.
  await upstreams.everyWorkerAnswers(other, "s1");
  writeFileSync(upstreams.confFile, good);
  await until("it is written", () => file().includes(`upstream ${other} {`), 10_000);
});

test("of names that differ only in case, written to the store by hand, one stands in the file and the other is reported", async () => {
  const [one, two] = await upstreams.servers(2);
  await upstreams.byHand({ Clash: `server ${one.address};`, clash: `server ${two.address};` });
  await holds("upstream Clash {");
  await until("the other is reported", async () => {
    const { broken } = (await cluster.done("status")).data.upstreams as { broken: { name: string; reason: string }[] };
    return broken.some(({ name, reason }) => name === "clash" && reason.includes("'Clash'"));
  });
  await holds("# left out: clash");
  expect((await plainNginx(["clash"], 1))[0]).toEqual((await plainNginx(["Clash"], 1))[0]);
  await cluster.redis.client.hdel("ab:test:upstreams", "Clash", "clash");
  await until("both are gone", () => !file().toLowerCase().includes("clash"));
});

test("a file that cannot be written is reported, and written as soon as it can be", async () => {
  const [server] = await upstreams.servers(1);
  const blocker = `${upstreams.confFile}.new`;
  mkdirSync(join(blocker, "in the way"), { recursive: true });
  const name = await upstreams.set(`server ${server.address};`);
  await until("it is reported", async () => (await confStatus()).problem.includes("upstream.conf.new"));
  expect(cluster.gateway.errorLog()).toMatch(/upstream\.conf could not be written: .*upstream\.conf\.new/);
  await upstreams.everyWorkerAnswers(name, "s1");
  rmSync(blocker, { recursive: true });
  await until("it is written", () => file().includes(`upstream ${name} {`), 10_000);
  expect(await confStatus()).toMatchObject({ problem: "" });
  expect(existsSync(blocker)).toBe(false);
});

test("a file that cannot be read is reported and not overwritten", async () => {
  const [server] = await upstreams.servers(1);
  const path = upstreams.confFile;
  const good = readFileSync(path, "utf8");
  // Not even nginx's master may read a link that leads to itself.
  rmSync(path);
  symlinkSync(path, path);
  const name = await upstreams.set(`server ${server.address};`);
  await until("it is reported", async () => (await confStatus()).problem.includes("symbolic links"));
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  rmSync(path);
  writeFileSync(path, good);
  await until("it is written", () => readFileSync(path, "utf8").includes(`upstream ${name} {`), 10_000);
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "upstream.conf");
});
