import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect as dial, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { success } from "../../src/dygateway/core/result.ts";
import type { RedisSettings } from "../../src/dygateway/core/settings.ts";
import { nilReply, type Command, type Reply, type StoreWork } from "../../src/dygateway/core/store/command.ts";
import { storeKeys } from "../../src/dygateway/core/store/keys.ts";
import { deleteRuntime } from "../../src/dygateway/core/store/runtime_changes.ts";
import { changeStore } from "../../src/node/store/change.ts";
import { changeContext } from "../../src/node/store/change_context.ts";
import { connect, type Connection } from "../../src/node/store/connection.ts";
import { readStore } from "../../src/node/store/work.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

async function opened(settings: RedisSettings): Promise<Connection> {
  const connected = await connect(settings);
  if (!connected.ok) throw new Error(connected.error.desc);
  onTestFinished(() => connected.value.close());
  return connected.value;
}

async function replies(connection: Connection, commands: readonly Command[]): Promise<readonly Reply[]> {
  const sent = await connection.pipeline(commands);
  if (!sent.ok) throw new Error(sent.reason);
  return sent.replies;
}

/** A server at a unix socket of its own that treats its connections as `serve` says. */
async function serverAt(serve: (socket: Socket) => void): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "dygateway-fake-"));
  const path = join(folder, "s");
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    serve(socket);
  }).listen(path);
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return path;
}

describe("replies", () => {
  it("are the core's: text, number, nil, error, lists in lists", async () => {
    const connection = await opened(store.settings);
    const answered = await replies(connection, [
      ["SET", "text", "grün 北京 😀"],
      ["GET", "text"],
      ["GET", "nothing"],
      ["INCR", "number"],
      ["INCR", "text"],
      ["HSET", "hash", "a", "1"],
      ["HGETALL", "hash"],
      ["ZADD", "zset", "-0.3", "0:beta1"],
      ["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
      ["XADD", "stream", "7-0", "field", ""],
      ["XRANGE", "stream", "-", "+"],
      ["MGET", "text", "nothing"],
    ]);
    expect(answered).toEqual([
      "OK",
      "grün 北京 😀",
      nilReply,
      1,
      { kind: "error", message: "ERR value is not an integer or out of range" },
      1,
      ["a", "1"],
      1,
      ["0:beta1", "-0.29999999999999999"],
      "7-0",
      [["7-0", ["field", ""]]],
      ["grün 北京 😀", nilReply],
    ]);
  });

  it("of a transaction are one list, an error among them", async () => {
    const connection = await opened(store.settings);
    const answered = await replies(connection, [["MULTI"], ["SET", "a", "x"], ["INCR", "a"], ["HGETALL", "h"], ["EXEC"]]);
    expect(answered.at(-1)).toEqual(["OK", { kind: "error", message: "ERR value is not an integer or out of range" }, []]);
  });
});

describe("connecting", () => {
  it("goes over TCP, with an ACL user, a password and a database", async () => {
    await store.client.call("ACL", "SETUSER", "ops", "on", ">s3cret", "~*", "+@all", "-info", "-client");
    const settings = { ...store.settings, unixSocket: "", port: store.port, username: "ops", password: "s3cret", database: 3 };
    const connection = await opened(settings);
    expect(await replies(connection, [["ACL", "WHOAMI"], ["SET", "here", "1"]])).toEqual(["ops", "OK"]);
    await store.client.select(3);
    const found = await store.client.get("here");
    await store.client.select(0);
    expect(found).toBe("1");
  });

  it.each<[string, Partial<RedisSettings>, RegExp]>([
    ["no socket", { unixSocket: "/nonexistent/s" }, /^redis connect error for unix:\/nonexistent\/s: .*ENOENT.*; nothing was changed$/],
    ["nothing listens", { unixSocket: "", port: 1 }, /127\.0\.0\.1:1: .*ECONNREFUSED/],
    ["no such name", { unixSocket: "", host: "redis.invalid" }, /redis\.invalid:6379: .*(ENOTFOUND|EAI_AGAIN)/],
    ["a wrong password", { username: "ops", password: "wrong" }, /AUTH: WRONGPASS/],
    ["no such database", { database: 99 }, /SELECT 99: ERR DB index is out of range/],
  ])("fails at once with the reason: %s", async (_what, settings, reason) => {
    const connected = await connect({ ...store.settings, ...settings });
    expect(connected).toMatchObject({ ok: false, error: { code: 50301, desc: expect.stringMatching(reason) as string } });
  });

  it("gives up on a server that says nothing, and does not come again", async () => {
    let connections = 0;
    const path = await serverAt(() => {
      connections++;
    });
    const read = await readStore({ ...store.settings, unixSocket: path, readTimeoutMs: 100 }, ping());
    expect(read).toMatchObject({ ok: false, error: { code: 50301, desc: expect.stringMatching(/in 100ms/) as string } });
    expect(connections).toBe(1);
  });

  it("that ends within a pipeline is one failure, with nothing sent again", async () => {
    let received = "";
    const path = await serverAt((socket) =>
      socket.on("data", (data) => {
        received += data.toString();
        socket.end("+OK\r\n");
      }),
    );
    const connection = await opened({ ...store.settings, unixSocket: path });
    expect(await connection.pipeline([["SET", "a", "1"], ["SET", "b", "2"]])).toMatchObject({ ok: false });
    expect(await connection.pipeline([["SET", "c", "3"]])).toMatchObject({ ok: false });
    expect(received).not.toContain("$1\r\nc");
  });
});

function* ping(): StoreWork<ReturnType<typeof success<null>>> {
  yield [["PING"]];
  return success(null);
}

describe("a change whose connection breaks", () => {
  const keys = storeKeys("ab:test");
  const change = (settings: RedisSettings): ReturnType<typeof changeStore<null>> =>
    changeStore(settings, () => deleteRuntime(changeContext(keys, {}), "api.weibo.cn"));

  /** The real Redis behind a line that is cut when `word` passes. */
  const cutAt = (word: string): Promise<string> =>
    serverAt((socket) => {
      const real = dial(store.settings.unixSocket);
      onTestFinished(() => void real.destroy());
      real.on("data", (data) => socket.write(data));
      socket.on("data", (data) => {
        if (!data.includes(word)) real.write(data);
        else real.write(data, () => socket.destroy());
      });
    });

  beforeEach(() => store.client.set("ab:test:runtimeInfo:api.weibo.cn:divsteps", "0"));

  it("before EXEC has changed nothing and says so", async () => {
    const done = await change({ ...store.settings, unixSocket: await cutAt("WATCH") });
    expect(done).toMatchObject({ ok: false, error: { code: 50301, desc: expect.stringMatching(/nothing was changed$/) as string } });
    expect(await store.client.keys("*")).toEqual(["ab:test:runtimeInfo:api.weibo.cn:divsteps"]);
  });

  it("at EXEC says that nobody knows", async () => {
    const done = await change({ ...store.settings, unixSocket: await cutAt("EXEC") });
    expect(done).toMatchObject({ ok: false, error: { code: 40101 } });
    const desc = done.ok ? "" : done.error.desc;
    expect(desc).toMatch(/the answer to EXEC was lost .*: the change may or may not be in force/);
    expect(desc).not.toContain("nothing was changed");
  });
});
