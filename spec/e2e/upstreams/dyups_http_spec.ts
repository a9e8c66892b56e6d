import { createSocket, type Socket } from "node:dgram";
import { readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeptConnection } from "../promises/kept_connection.ts";
import { WORKERS } from "../support/cluster.ts";
import { dyupsClient } from "../support/dyups_client.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { startSecondGateway } from "../support/second_gateway.ts";
import { storeState } from "../support/store_state.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

/** A DNS server that hears every question and answers none. */
let silent: Socket;
let silentPort = 0;
/** What it was asked. */
const questions: string[] = [];
beforeAll(async () => {
  silent = createSocket("udp4");
  silent.on("message", (question) => questions.push(question.toString("latin1")));
  await new Promise<void>((resolve) => silent.bind(0, "127.0.0.1", resolve));
  silentPort = silent.address().port;
});
afterAll(() => {
  silent.close();
});

const upstreams = useUpstreamCluster({
  config: {
    get dynamic_upstreams() {
      return { resolvers: [`127.0.0.1:${silentPort}`] };
    },
  },
});
const { cluster } = upstreams;
const dyups = dyupsClient(() => cluster.adminPort, "/dyups");

const stored = (name: string): Promise<string | null> => cluster.redis.client.hget("ab:test:upstreams", name);
const state = (): Promise<unknown> => storeState(cluster.redis.client);

/** An upstream's part of the answer to /detail, its name with it. */
async function detail(name: string): Promise<string | undefined> {
  const { text } = await dyups.get("/detail");
  return text.split("\n\n").find((block) => block.startsWith(`${name}\n`));
}

async function request(connection: KeptConnection, name: string): Promise<string> {
  const { body } = await connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`);
  return /this is (\w+) server/.exec(body)?.[1] ?? "nobody";
}

function descriptors(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);
}

describe("the protocol", () => {
  test("GET /list: a name a line", async () => {
    const name = upstreams.newName();
    await dyups.done(name, "server 127.0.0.1:9501;");
    const { status, headers, text } = await dyups.get("/list");
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(text).toBe(`beta1\nbeta2\nbeta3\nbeta4\nstable\n${name}\n`);
  });

  test("GET /detail: every server with all that counts, and an empty line", async () => {
    const name = upstreams.newName();
    await dyups.done(name, "server 127.0.0.1:9501; server 127.0.0.1:9502 weight=2 max_fails=3 fail_timeout=30s max_conns=7 backup; server 127.0.0.1:9503 down;");
    expect(await detail(name)).toBe(
      `${name}\n` +
        "server 127.0.0.1:9501 weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=0\n" +
        "server 127.0.0.1:9502 weight=2 max_conns=7 max_fails=3 fail_timeout=30 backup=1 down=0\n" +
        "server 127.0.0.1:9503 weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=1",
    );
    expect((await dyups.get("/detail")).text.endsWith("\n\n")).toBe(true);
  });

  test("GET /upstream/NAME: its servers, 404 for nobody's", async () => {
    const name = upstreams.newName();
    await dyups.done(name, "server 127.0.0.1:9501;server unix:/run/b.sock weight=2;");
    expect(await dyups.get(`/upstream/${name}`)).toMatchObject({ status: 200, text: "server 127.0.0.1:9501\nserver unix:/run/b.sock\n" });
    expect(await dyups.get("/upstream/stable")).toMatchObject({ status: 200, text: `server 127.0.0.1:${cluster.backends.ports.stable}\n` });
    expect(await dyups.get("/upstream/nowhere")).toMatchObject({ status: 404, text: "not found\nthere is no upstream 'nowhere'\n" });
  });

  test("POST /upstream/NAME: success with every worker, replaces the whole list", async () => {
    const [first, second] = await upstreams.servers(2);
    const name = upstreams.newName();
    const answer = await dyups.post(name, `server ${first.address};`);
    expect(answer).toMatchObject({ status: 200, text: "success" });
    expect(answer.headers["x-dygateway-revision"]).toBe(await cluster.redis.client.get("ab:test:revision"));
    expect(answer.headers["x-dygateway-applied"]).toBe(`${WORKERS}/${WORKERS}`);
    await upstreams.everyWorkerAnswers(name, "s1");
    await dyups.done(name, `server ${second.address};`);
    await upstreams.everyWorkerAnswers(name, "s2");
    expect(await dyups.get(`/upstream/${name}`)).toMatchObject({ text: `server ${second.address}\n` });
    const [entry] = await cluster.redis.client.xrevrange("ab:test:audit", "+", "-", "COUNT", 1);
    expect(entry?.[1]).toEqual(expect.arrayContaining(["who", "dyups", "from", "127.0.0.1", "action", "add_upstream", "upstreams", name]));
  });

  test("POST takes all that the module takes", async () => {
    for (const more of ["keepalive 9;", "least_conn;", "ip_hash;", "hash $remote_addr;", "hash $remote_addr consistent;"]) {
      const name = upstreams.newName();
      expect(await dyups.post(name, `${more} server unix:/run/a.sock max_conns=3;server 127.0.0.1:80 down;`), more).toMatchObject({ status: 200, text: "success" });
      expect(await stored(name)).toContain(more);
    }
  });

  test("DELETE /upstream/NAME: success, 404 for nobody's", async () => {
    const name = upstreams.newName();
    await dyups.done(name, "server 127.0.0.1:9501;");
    expect(await dyups.remove(name)).toMatchObject({ status: 200, text: "success" });
    expect(await dyups.remove(name)).toMatchObject({ status: 404, text: `not found\nthere is no upstream '${name}'\n` });
    expect((await dyups.get(`/upstream/${name}`)).status).toBe(404);
    expect((await dyups.remove("beta4")).status).toBe(200);
    expect((await dyups.get("/list")).text).not.toContain("beta4");
    await dyups.done("beta4", `server 127.0.0.1:${cluster.backends.ports.beta4};`);
  });

  test("wrong paths are 404, other methods 405", async () => {
    const wrong = ["", "/", "/lists", "/upstream", "/upstream/", "/upstream/a/b", "/upstream/a%2Fb"];
    for (const path of wrong) {
      expect((await dyups.get(path)).status, `GET ${path}`).toBe(404);
    }
    for (const path of ["/list", "/detail", "/upstream/", "/other/u1"]) {
      expect((await dyups.ask({ path, body: "server 127.0.0.1:80;" })).status, `POST ${path}`).toBe(404);
      expect((await dyups.ask({ method: "DELETE", path })).status, `DELETE ${path}`).toBe(404);
    }
    for (const method of ["PUT", "PATCH", "HEAD", "OPTIONS"]) {
      const answer = await dyups.ask({ method, path: "/upstream/stable" });
      expect(answer.status, method).toBe(405);
      expect(answer.headers["allow"]).toBe("GET, POST, DELETE");
    }
  });

  test("other sites' pages and unknown Hosts are refused", async () => {
    const body = "server 127.0.0.1:80;";
    const path = "/upstream/attacked";
    expect((await dyups.ask({ path, body, headers: { Host: "evil.test" } })).status).toBe(403);
    expect((await dyups.ask({ path, body, headers: { Origin: "http://evil.test" } })).status).toBe(403);
    expect((await dyups.ask({ path, headers: { "Sec-Fetch-Site": "cross-site" } })).status).toBe(403);
    expect(await stored("attacked")).toBeNull();
  });

  test("a token is asked for where there is one", async () => {
    const second = await startSecondGateway(cluster, { token: "secret", prefix: "ab:token", config: { dynamic_upstreams: { dyups_location: "/" } } });
    // Its protocol is at the root, as the module's is.
    const other = dyupsClient(() => second.adminPort, "");
    const path = "/upstream/guarded";
    const body = "server 127.0.0.1:80;";
    const refused = await other.ask({ path, body });
    expect(refused).toMatchObject({ status: 401, headers: { "www-authenticate": 'Bearer realm="dygateway"' } });
    expect(refused.text).toContain("unauthorized: this admin interface needs the header");
    expect((await other.ask({ path, body, headers: { Authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await other.ask({ path: "/list" })).status).toBe(401);
    const headers = { Authorization: "Bearer secret" };
    expect((await other.ask({ path, body, headers })).text).toBe("success");
    expect((await other.ask({ path: "/list", headers })).text).toBe("guarded\nstable\n");
    expect((await other.ask({ path: "/detail", headers })).text).toContain("guarded\nserver 127.0.0.1:80 weight=1 ");
    expect((await other.ask({ path: "/upstream/guarded", headers })).text).toBe("server 127.0.0.1:80\n");
    expect((await other.ask({ path: "/dyups/list", headers })).status).toBe(404);
    // The other interfaces stay where they are.
    expect(JSON.parse((await other.ask({ path: "/dyupsc_admin?action=get_upstreams", headers })).text)).toMatchObject({ code: 200, data: ["guarded", "stable"] });
    expect(await other.ask({ method: "DELETE", path, headers })).toMatchObject({ status: 200, text: "success" });
    expect((await other.ask({ path: "/list", headers })).text).toBe("stable\n");
    await second.stop();
  });

  test("an upstream that a runtime leads to goes only by force", async () => {
    const name = upstreams.newName();
    await dyups.done(name, "server 127.0.0.1:9501;");
    await cluster.divert(cluster.newHost(), { divtype: "uidsuffix", divdata: [{ suffix: "1", upstream: name }] });
    const refusal = await dyups.remove(name);
    expect(refusal.status).toBe(500);
    expect(refusal.text).toMatch(new RegExp(`^delete upstream failed\\n.*upstream '${name}' is in use by the runtime of `));
    expect((await dyups.post(name, "server 127.0.0.1:9501 down;")).text).toMatch(/^add server failed\n.*without a usable peer/);
    expect((await dyups.remove(name, "?force=1")).status).toBe(200);
  });
});

/** Bodies that the module refuses, or breaks over, and a part of what is wrong with them. */
const badBodies: readonly (readonly [body: string, reason: string])[] = [
  ["server 127.0.0.1:80", "a ';' is missing"],
  ["server 127.0.0.1:80; server 127.0.0.1:81", "statement 2: a ';' is missing"],
  ["server 127.0.0.1:80 weight=0;", "weight=0: a whole number from 1"],
  ["server 127.0.0.1:80 weight=x;", "weight=x: a whole number from 1"],
  ["server 127.0.0.1:99999;", "has a bad port"],
  ["server 127.0.0.1:80 backup;", "every server is a backup"],
  [" ", "it has no server"],
  ["server 127.0.0.1:80; upstream a { server 127.0.0.1:81; }", "a block is not possible"],
  ["include /etc/passwd;", "'include' is not possible"],
  ["server 127.0.0.1:80; include /etc/nginx/*.conf;", "statement 2: 'include' is not possible"],
  ['{"servers":["127.0.0.1:80"]}', "JSON is no upstream body"],
  ["server 127.0.0.1:80; }", "an unexpected '}'"],
  ["server 127.0.0.1:80 weight=1 \"", "statement 1"],
  ["\u0000\u0001\u0002", "statement 1"],
];

describe("faults of the module that are not here", () => {
  test("an error's reason is in the answer, and the state stays; no worker breaks over any body", async () => {
    const [server] = await upstreams.servers(1);
    const name = upstreams.newName();
    await dyups.done(name, `server ${server.address};`);
    const pids = await workerPids(cluster);
    const before = await state();
    for (const [body, reason] of badBodies) {
      const answer = await dyups.post(name, body);
      expect(answer.status, body).toBe(500);
      const [first, second] = answer.text.split("\n");
      expect(first).toBe("add server failed");
      expect(second, body).toContain(reason);
    }
    expect((await dyups.ask({ method: "POST", path: `/upstream/${name}` })).text).toMatch(/^add server failed\n.*request_body/);
    expect((await dyups.post("a%20b", "server 127.0.0.1:80;")).text).toMatch(/^add server failed\narg upstream invalid|^add server failed\n.*'a b'/);
    expect(await state()).toEqual(before);
    expect(await workerPids(cluster)).toEqual(pids);
    expect(await upstreams.answerers(name, 8)).toEqual(Array<string>(8).fill("s1"));
    expectNoFaults(cluster, "bad bodies");
  });

  test("200 updates without a keepalive line: keepalive stays, no connection and no descriptor is left over", async () => {
    const [server] = await upstreams.servers(1);
    const name = upstreams.newName();
    await dyups.done(name, `server ${server.address}; keepalive 32;`);
    const connections = Array.from({ length: WORKERS * 2 }, () => new KeptConnection(cluster.port));
    const visitAll = async (): Promise<void> => {
      for (const connection of connections) {
        expect(await request(connection, name)).toBe("s1");
      }
    };
    await visitAll();
    const pids = await workerPids(cluster);
    const before = { descriptors: descriptors(pids), opened: server.opened };
    for (let round = 1; round <= 200; round++) {
      await dyups.done(name, `server ${server.address} weight=${(round % 9) + 1};`);
      if (round % 10 === 0) {
        await visitAll();
      }
    }
    expect(await stored(name)).toContain("keepalive 32;");
    expect(await workerPids(cluster)).toEqual(pids);
    expect(server.opened - before.opened).toBeLessThanOrEqual(WORKERS);
    expect(descriptors(pids) - before.descriptors).toBeLessThanOrEqual(WORKERS * 2);
    for (const connection of connections) {
      connection.close();
    }
  });

  test("after success no worker disagrees", async () => {
    const [first, second] = await upstreams.servers(2);
    const name = upstreams.newName();
    for (let round = 0; round < 20; round++) {
      const [server, expected] = round % 2 === 0 ? [first, "s1"] : [second, "s2"];
      await dyups.done(name, `server ${server.address};`);
      const answers = await Promise.all(Array.from({ length: WORKERS * 4 }, () => upstreams.answerer(name)));
      expect(new Set(answers), `round ${round}`).toEqual(new Set([expected]));
    }
  });

  test("the same body again resets nothing", async () => {
    const [first, second] = await upstreams.servers(2);
    const name = upstreams.newName();
    const body = `server ${first.address} weight=2; server ${second.address};`;
    await dyups.done(name, body);
    const connection = new KeptConnection(cluster.port);
    const answers: string[] = [];
    const revisions: unknown[] = [];
    for (let n = 0; n < 9; n++) {
      answers.push(await request(connection, name));
      revisions.push((await dyups.done(name, body)).headers["x-dygateway-revision"]);
    }
    // nginx's sequence for 2 and 1; where each post began it anew, all would be s1.
    expect(answers.join(" ")).toBe("s1 s2 s1 s1 s2 s1 s1 s2 s1");
    expect(new Set(revisions).size).toBe(1);
    connection.close();

    await second.become("refuse");
    const failing = upstreams.newName();
    const watched = `server ${second.address} fail_timeout=60s; server ${first.address};`;
    await dyups.done(failing, watched);
    await upstreams.answerers(failing, WORKERS * 8);
    const failures = (await upstreams.firstPeer(failing)).failures;
    expect(failures).toBeGreaterThan(0);
    for (let n = 0; n < 5; n++) {
      await dyups.done(failing, watched);
      await upstreams.answerers(failing, WORKERS * 2);
    }
    expect((await upstreams.firstPeer(failing)).failures).toBe(failures);
  });

  test("a server's name that DNS does not answer holds nobody up", async () => {
    const [server] = await upstreams.servers(1);
    const name = upstreams.newName();
    await dyups.done(name, `server ${server.address};`);
    // The name as it stands in a question: each label after its length.
    const isAsked = (): boolean => questions.some((question) => question.includes("\x0cnobody-knows\x04test\x00"));
    const begun = performance.now();
    await dyups.done(upstreams.newName(), "server nobody-knows.test:80;");
    expect(performance.now() - begun).toBeLessThan(1000);
    await until("the DNS server is asked", isAsked);
    // Whoever waits for it now waits for longer than this takes.
    const asked = performance.now();
    expect(await upstreams.answerers(name, 20)).toEqual(Array<string>(20).fill("s1"));
    await dyups.done(name, `server ${server.address} weight=2;`);
    expect(performance.now() - asked).toBeLessThan(1000);
  });

  test("nothing is lost when a worker crashes, nginx reloads or restarts", async () => {
    const [server] = await upstreams.servers(1);
    const name = upstreams.newName();
    await dyups.done(name, `least_conn; server ${server.address} weight=3 max_fails=4; keepalive 12;`);
    const before = await dyups.get("/detail");
    const body = await stored(name);
    const isThere = async (): Promise<void> => {
      await upstreams.everyWorkerAnswers(name, "s1", 15_000);
      expect((await dyups.get("/detail")).text).toBe(before.text);
      expect(await stored(name)).toBe(body);
    };
    process.kill((await workerPids(cluster))[0] ?? 0, "SIGKILL");
    await until("there are all workers again", async () => (await workerPids(cluster)).length === WORKERS, 10_000);
    await isThere();
    const old = await workerPids(cluster);
    cluster.gateway.reload();
    await until("there are new workers", async () => {
      const pids = await workerPids(cluster);
      return pids.length === WORKERS && !pids.some((pid) => old.includes(pid));
    }, 15_000);
    await isThere();
    await cluster.restart();
    await isThere();
  });

  test("while Redis is away, reads answer what is in force, and a change says what is wrong", async () => {
    const before = await dyups.get("/detail");
    await cluster.redis.kill();
    await until("the node has noticed", async () => (await cluster.done("status")).data.store.reachable === false);
    expect(await dyups.get("/detail")).toMatchObject({ status: 200, text: before.text });
    const refused = await dyups.post("stable", "server 127.0.0.1:80;");
    expect(refused.status).toBe(500);
    expect(refused.text).toMatch(/^add server failed\nredis connect error for .*nothing was changed\n$/);
    await cluster.redis.start();
    await cluster.ready();
  });
});
