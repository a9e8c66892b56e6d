import { Redis } from "ioredis";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { send } from "../support/http.ts";
import { startSecondGateway, type SecondGateway } from "../support/second_gateway.ts";
import { askAdmin } from "../support/admin_client.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

interface Reply {
  readonly id: string;
  readonly code: number;
  readonly desc: string;
  readonly revision?: number;
}

const CHANNEL = "ab:test:dyupsc";
const upstreams = useUpstreamCluster();
const { cluster } = upstreams;
let second: SecondGateway;
let listener: Redis;
const replies: Reply[] = [];
let ids = 0;

beforeAll(async () => {
  second = await startSecondGateway(cluster, { include: join(cluster.folder, "by_name.conf") });
  listener = new Redis({ path: cluster.redisSocket });
  listener.on("message", (_channel, text) => {
    replies.push(JSON.parse(text) as Reply);
  });
  await listener.subscribe(`${CHANNEL}:replies`);
  await listening(2);
});
beforeEach(() => {
  replies.length = 0;
});
afterAll(async () => {
  listener.disconnect();
  await second.stop();
});

const redis = (): Redis => cluster.redis.client;

function listening(gateways: number): Promise<void> {
  return until(`${gateways} gateways listen`, async () => (await redis().pubsub("NUMSUB", CHANNEL))[1] === gateways);
}

function newId(): string {
  ids++;
  return `test-${ids}`;
}

/** Publishes an instruction with an id and waits for its answer. */
async function instruct(fields: Readonly<Record<string, unknown>>, id = newId()): Promise<Reply> {
  await redis().publish(CHANNEL, JSON.stringify({ id, ...fields }));
  await until(`${id} is answered`, () => replies.some((reply) => reply.id === id));
  return replies.find((reply) => reply.id === id) as Reply;
}

const stored = (name: string): Promise<string | null> => redis().hget("ab:test:upstreams", name);
const revision = async (): Promise<number> => Number(await redis().get("ab:test:revision"));

/** Fields of the audit entries since a revision. */
async function entriesSince(before: number): Promise<Record<string, string>[]> {
  const entries = await redis().xrange("ab:test:audit", `(${before}`, "+");
  return entries.map(([, fields]) => Object.fromEntries(fields.flatMap((field, i) => (i % 2 === 0 ? [[field, fields[i + 1] ?? ""]] : []))));
}

async function answererOf(name: string, gateway = second): Promise<string> {
  const { text, status } = await send(gateway.port, { path: `/to/${name}/`, headers: { Host: "any.test" } });
  return /^this is (\w+) server\n$/.exec(text)?.[1] ?? `${status}`;
}

describe("an instruction that is published", () => {
  test("is carried out once, stored, audited, answered, and reaches both gateways", async () => {
    const [first, other] = await upstreams.servers(2);
    const name = upstreams.newName();
    const before = await revision();
    expect(await instruct({ action: "add_upstream", upstream: name, servers: `server ${first.address};` })).toEqual({ id: "test-1", code: 200, desc: "success ", revision: before + 1 });
    const [ip, port] = other.address.split(":");
    expect(await instruct({ action: "add_server", upstream: name, ip, port: Number(port), weight: 3 })).toMatchObject({ code: 200, revision: before + 2 });
    expect(await stored(name)).toBe(`server ${first.address}; server ${other.address} weight=3;`);
    expect(await entriesSince(before)).toEqual([
      expect.objectContaining({ who: "dyupsc test-1", from: "redis", action: "add_upstream", upstreams: name }),
      expect.objectContaining({ who: "dyupsc test-2", from: "redis", action: "add_server", upstreams: name }),
    ]);
    await instruct({ action: "remove_peer", upstream: name, ip, port });
    await upstreams.everyWorkerAnswers(name, "s1");
    await until("the second gateway has it", async () => (await answererOf(name)) === "s1");
    expect(replies.length).toBe(3);
  });

  test("is carried out once without an id, too, as often as it is published", async () => {
    const [server] = await upstreams.servers(1);
    const name = await upstreams.set(`server ${server.address}; server 127.0.0.1:1 out;`);
    const before = await revision();
    const message = JSON.stringify({ action: "set_peer_weight", upstream: name, ip: "127.0.0.1", port: server.address.split(":")[1], value: 7 });
    const reset = JSON.stringify({ action: "set_peer_weight", upstream: name, ip: "127.0.0.1", port: server.address.split(":")[1], value: 1 });
    await redis().publish(CHANNEL, message);
    await until("it is done", async () => (await revision()) === before + 1);
    await redis().publish(CHANNEL, reset);
    await redis().publish(CHANNEL, message);
    await until("they are done", async () => (await revision()) === before + 3);
    expect(await stored(name)).toContain("weight=7");
    expect((await entriesSince(before)).map(({ who }) => who)).toEqual(["dyupsc", "dyupsc", "dyupsc"]);
    expect(replies).toEqual([]);
  });

  test("keeps the order in which it was published, whichever gateway carries it out", async () => {
    const [server] = await upstreams.servers(1);
    const name = await upstreams.set(`server ${server.address}; server 10.0.0.1:80;`);
    const before = await revision();
    const target = { upstream: name, ip: "10.0.0.1", port: 80 };
    for (let round = 1; round <= 20; round++) {
      void redis().publish(CHANNEL, JSON.stringify({ id: `order-${round}-a`, action: "remove_peer", ...target }));
      void redis().publish(CHANNEL, JSON.stringify({ id: `order-${round}-b`, action: "add_peer", ...target }));
    }
    await until("all are answered", () => replies.length >= 40, 20_000);
    expect(replies.map(({ id, code, revision: number }) => [id, code, number])).toEqual(
      Array.from({ length: 40 }, (_, i) => [`order-${Math.floor(i / 2) + 1}-${i % 2 === 0 ? "a" : "b"}`, 200, before + i + 1]),
    );
  });

  test("that is repeated with its id is answered again and changes nothing", async () => {
    const name = upstreams.newName();
    const id = newId();
    const fields = { action: "add_upstream", upstream: name, servers: "server 10.0.0.1:80;" };
    const first = await instruct(fields, id);
    await upstreams.done("add_upstream", { upstream: name, servers: "server 10.0.0.2:80;" });
    const before = await revision();
    await until("the sender is tired of waiting, and is answered again", async () => {
      await redis().publish(CHANNEL, JSON.stringify({ id, ...fields }));
      return replies.length >= 2;
    }, 10_000);
    expect(replies[1]).toEqual(first);
    expect(await revision()).toBe(before);
    expect(await stored(name)).toBe("server 10.0.0.2:80;");
  });

  const bad: readonly (readonly [fields: Readonly<Record<string, unknown>>, code: number, words: string])[] = [
    [{}, 50406, "parameter action"],
    [{ action: "get_status" }, 50501, "there is no such action"],
    [{ action: "add_upstream", upstream: "bad" }, 50104, "arg servers invalid: it is missing"],
    [{ action: "add_upstream", upstream: "bad", servers: "server 10.0.0.1" }, 50102, "a ';' is missing"],
    [{ action: "add_upstream", upstream: "bad name", servers: "server 10.0.0.1;" }, 50104, "arg upstream invalid"],
    [{ action: "add_peer", upstream: "nowhere", ip: "10.0.0.1", port: 80 }, 50104, "there is no upstream 'nowhere'"],
    [{ action: "add_peer", upstream: ["stable"] }, 50104, "arg upstream invalid"],
    [{ action: "add_peer", upstream: "nowhere-else", ip: "10.0.0.1", port: 80 }, 50104, "there is no upstream 'nowhere-else'"],
  ];
  const logs = (): string => cluster.gateway.errorLog() + second.nginx.errorLog();


  test("and is bad is answered and logged with its reason once, and changes nothing", async () => {
    const before = await revision();
    for (const [fields, code, words] of bad) {
      const reply = await instruct(fields);
      expect(reply.code, words).toBe(code);
      expect(reply.desc).toContain(words);
      const lines = logs().split("\n").filter((line) => line.includes(`an instruction '${reply.id}' that was published is not carried out: `));
      expect(lines, words).toHaveLength(1);
      expect(lines[0]).toContain(words);
    }
    await instruct({ action: "remove_upstream", upstream: "nowhere" });
    expect(replies.length).toBe(bad.length + 1);
    expect(await revision()).toBe(before);
  });

  test("and is no instruction at all is logged, and the next one is carried out", async () => {
    const hostile = ["", "hello", "[]", "null", "{", '{"id":{"a":1}}', "[".repeat(100_000), `{"action":"${"x".repeat(1_100_000)}"}`, "\u0000\u00ff"];
    for (const text of hostile) {
      await redis().publish(CHANNEL, text);
    }
    expect((await instruct({ action: "add_upstream", upstream: "after", servers: "server 10.0.0.1:80;" })).code).toBe(200);
    expect(logs()).toContain("bytes was published; at most 1048576 are taken");
    expectNoFaults(cluster, "hostile instructions");
  });
});

describe("a gateway that is down meanwhile", () => {
  test("misses nothing of the result, and the other carries everything out", async () => {
    const [server] = await upstreams.servers(1);
    const name = upstreams.newName();
    await second.nginx.stop();
    expect((await instruct({ action: "add_upstream", upstream: name, servers: `server ${server.address};` })).code).toBe(200);
    second.nginx.start();
    await second.ready();
    expect(await answererOf(name)).toBe("s1");
    await listening(2);
    await cluster.gateway.stop();
    expect((await instruct({ action: "set_upstream", upstream: name, keepalive: 5 })).code).toBe(200);
    cluster.gateway.start();
    await cluster.ready();
    expect(await upstreams.answerer(name)).toBe("s1");
    await listening(2);
  });

  test("while it carries one out leaves it to the other", async () => {
    const name = upstreams.newName();
    const id = newId();
    // As a node leaves it that was killed between its claim and the change; it runs out after a while.
    await redis().set(`${CHANNEL}:claim:${id}`, "running", "PX", 1000);
    expect((await instruct({ action: "add_upstream", upstream: name, servers: "server 10.0.0.1:80;" }, id)).code).toBe(200);
    expect(await stored(name)).toBe("server 10.0.0.1:80;");
  });
});

describe("a store that does not take the change", () => {
  test("is answered as failed, and the same id may be sent again", async () => {
    const name = upstreams.newName();
    const id = newId();
    const fields = { action: "add_upstream", upstream: name, servers: "server 10.0.0.1:80;" };
    await redis().rename("ab:test:upstreams", "ab:aside");
    await redis().set("ab:test:upstreams", "no hash");
    expect(await instruct(fields, id)).toMatchObject({ code: 40101 });
    await redis().del("ab:test:upstreams");
    await redis().rename("ab:aside", "ab:test:upstreams");
    await until("it is carried out", async () => {
      await redis().publish(CHANNEL, JSON.stringify({ id, ...fields }));
      return replies.some((reply) => reply.id === id && reply.code === 200);
    }, 10_000);
    expect(await stored(name)).toBe("server 10.0.0.1:80;");
  });
});

describe("a cluster of three", () => {
  let third: SecondGateway;
  beforeAll(async () => {
    third = await startSecondGateway(cluster, { include: join(cluster.folder, "by_name.conf") });
    await listening(3);
  });
  afterAll(() => third.stop());

  async function allThreeAnswer(name: string, expected: string): Promise<void> {
    await upstreams.everyWorkerAnswers(name, expected);
    for (const node of [second, third]) {
      await until(`another node answers ${expected}`, async () => {
        const answers = await Promise.all(Array.from({ length: 16 }, () => answererOf(name, node)));
        return answers.every((answer) => answer === expected);
      });
    }
  }

  test("carries an instruction out once, and all serve what comes of it", async () => {
    const [first, other] = await upstreams.servers(2);
    const name = upstreams.newName();
    const before = await revision();
    expect(await instruct({ action: "add_upstream", upstream: name, servers: `server ${first.address};` })).toMatchObject({ code: 200, revision: before + 1 });
    await allThreeAnswer(name, "s1");
    expect(await instruct({ action: "add_upstream", upstream: name, servers: `server ${other.address};` })).toMatchObject({ code: 200, revision: before + 2 });
    await allThreeAnswer(name, "s2");
    expect(await revision()).toBe(before + 2);
    expect(replies.length).toBe(2);
  });

  test("serves what any node's interface was told", async () => {
    const [first, other] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${first.address}; server ${other.address} backup;`);
    await allThreeAnswer(name, "s1");
    const [ip = "", port = ""] = first.address.split(":");
    const query = new URLSearchParams({ action: "set_peer_down", upstream: name, ip, port, value: "true" });
    expect((await askAdmin(third.adminPort, { path: `/dyupsc_admin?${query.toString()}` })).code).toBe(200);
    await allThreeAnswer(name, "s2");
    await upstreams.done("set_peer_down", { upstream: name, ip, port, value: "false" });
    await allThreeAnswer(name, "s1");
  });
});
