import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { StoreCli } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const worker = { id: 0, pid: 100, revision: 12, alive: true, seen_ms_ago: 9, leader: true, broken_levels: 0 };
const well = {
  revision: 12,
  runtimes: 3,
  store: { reachable: true, revision: 12, lost: false, direct_writes: "announced", confirmed_ms_ago: 200, problem: "" },
  workers: [worker, { ...worker, id: 1, pid: 101, leader: false }],
  snapshot: { revision: 12, age_ms: 7_200_000, problem: "" },
  broken_levels: 0,
  broken: [],
  of_a_later_version: {},
};
const answer = (data: object): string => `${JSON.stringify({ code: 200, desc: "success ", data })}\n`;

/** An admin interface that answers so, and what it was asked. */
async function adminThat(body: string, status = 200, listen: string | number = 0): Promise<{ port: number; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    response.writeHead(status).end(body);
  });
  if (typeof listen === "string") server.listen(listen);
  else server.listen(listen, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return { port: typeof address === "string" ? 0 : (address as AddressInfo).port, asked };
}

async function statusOf(data: object): Promise<{ code: number; lines: string[]; place: string }> {
  const { port } = await adminThat(answer(data));
  const run = await new StoreCli(store, { admin: { listen: `127.0.0.1:${port}` } }).run("status");
  expect(run.err).toBe("");
  return { code: run.code, lines: run.out.split("\n"), place: `http://127.0.0.1:${port}` };
}

describe("status", () => {
  it("of a node that is well", async () => {
    const { code, lines, place } = await statusOf(well);
    expect(code).toBe(0);
    expect(lines).toEqual([
      "all is well",
      "",
      `gateway        ${place}`,
      "revision       12 here, 12 in Redis",
      "runtimes       3",
      "workers        2 of 2 up to date, worker 0 follows Redis",
      "Redis          reachable, last in step 0.2 s ago",
      "snapshot       revision 12, written 2 h ago",
      "direct writes  announced",
    ]);
  });

  const upstreams = {
    engine: "balancer",
    count: 4,
    problem: "",
    broken_count: 0,
    broken: [],
    conf: { path: "/c/upstream.conf", written_by: "workers", revision: 11, problem: "" },
    dyups: null,
  };

  it("of a node with dynamic upstreams says how many, and of when upstream.conf is", async () => {
    const { code, lines } = await statusOf({ ...well, upstreams });
    expect(code).toBe(0);
    expect(lines).toContain("upstreams      4 dynamic (balancer), upstream.conf of revision 11");
  });

  const { store: wellStore } = well;
  it.each<[string, object, string[]]>([
    [
      "Redis is down",
      { store: { ...wellStore, reachable: false, revision: null, problem: "redis connect error for unix:/s: refused" } },
      [
        "1 thing is wrong",
        "  Redis cannot be reached: redis connect error for unix:/s: refused",
        "    traffic goes on as before, by revision 12; changes are refused",
      ],
    ],
    [
      "an upstream is broken and upstream.conf cannot be written",
      {
        upstreams: {
          ...upstreams,
          broken_count: 1,
          broken: [{ name: "beta1", last_good_served: true, reason: "statement 1: no" }],
          conf: { ...upstreams.conf, problem: "Permission denied" },
        },
      },
      [
        "2 things are wrong",
        "  1 upstream is not as Redis has it",
        "    beta1: statement 1: no (the last good definition is served)",
        "  upstream.conf is not written: Permission denied",
      ],
    ],
    [
      "Redis has lost data",
      { store: { ...wellStore, revision: 2, lost: true, problem: "its revision is 2" } },
      [
        "1 thing is wrong",
        "  Redis has lost data: its revision is 2",
        "    traffic goes on as before, by revision 12; changes are refused.",
        "    Restore Redis' data; or, if what it holds now is right, accept the loss",
        "    with /ab_admin?action=store_accept",
      ],
    ],
    ["the node is behind", { store: { ...wellStore, revision: 15 } }, ["1 thing is wrong", "  the node is 3 behind Redis (revision 12 of 15)"]],
    [
      "a worker is silent, another late, and none leads",
      { workers: [{ ...worker, leader: false, revision: 11 }, { ...worker, id: 1, pid: 101, leader: false, alive: false, seen_ms_ago: 95_000 }] },
      [
        "3 things are wrong",
        "  worker 1 (pid 101) has said nothing for 95 s",
        "  worker 0 (pid 100) is still at revision 11 of 12",
        "  no worker is the leader that follows Redis",
      ],
    ],
    ["no worker runs", { workers: [] }, ["1 thing is wrong", "  no worker has reported; the error log of nginx says why"]],
    [
      "a level is broken, and the snapshot",
      {
        broken_levels: 3,
        broken: [
          { hostname: "h\u001b", level: 2, policyid: 7, divtype: "uidrange", reason: "there is no data" },
          { hostname: "hx", level: 0, policyid: null, divtype: "", reason: "divsteps is '77'" },
        ],
        snapshot: { revision: null, age_ms: null, problem: "no space left" },
      },
      [
        "2 things are wrong",
        "  3 levels are broken and skipped; the other levels decide",
        "    h\\x1b level 2, policy 7 (uidrange): there is no data",
        "    hx level 0: divsteps is '77'",
        "    … and 1 more",
        "  no snapshot for a restart without Redis: no space left",
      ],
    ],
  ])("says first what is wrong: %s", async (_what, broken, expected) => {
    const { code, lines } = await statusOf({ ...well, ...broken });
    expect(code).toBe(1);
    expect(lines.slice(0, lines.indexOf(""))).toEqual(expected);
  });

  it("sends the token, under a Host that the gateway takes", async () => {
    const token = "0123456789abcdef0123456789abcdef";
    const { port, asked } = await adminThat(answer(well));
    await new StoreCli(store, { admin: { listen: `127.0.0.1:${port}`, token, hosts: ["admin.example"] } }).done("status");
    expect(asked[0]?.url).toBe("/ab_admin?action=status");
    expect(asked[0]?.headers).toMatchObject({ host: "admin.example", authorization: `Bearer ${token}` });
  });

  it("reaches a unix socket, and a listener on every address over loopback", async () => {
    const cli = new StoreCli(store);
    const socket = cli.sandbox.path("admin.sock");
    await adminThat(answer(well), 200, socket);
    cli.sandbox.configure({ admin: { listen: `unix:${socket}` } });
    expect(await cli.done("status")).toContain(`gateway        unix:${socket}\n`);
    const { port } = await adminThat(answer(well));
    cli.sandbox.configure({ admin: { listen: `*:${port}`, token: "0123456789abcdef0123456789abcdef" } });
    expect(await cli.done("status")).toMatch(/^all is well/);
  });

  it("hands --json on as it is", async () => {
    const { port } = await adminThat(answer(well));
    expect(await new StoreCli(store, { admin: { listen: port === 0 ? "" : `127.0.0.1:${port}` } }).done("status", "--json")).toBe(
      answer(well).trimEnd(),
    );
  });

  it("passes the gateway's refusal on", async () => {
    const { port } = await adminThat('{"code":401,"desc":"unauthorized: a token is needed"}', 401);
    const place = `http://127.0.0.1:${port}`;
    expect(await new StoreCli(store, { admin: { listen: `127.0.0.1:${port}` } }).run("status")).toEqual({
      code: 1,
      out: "",
      err: `dygateway: ${place}: unauthorized: a token is needed (401)`,
    });
  });

  it.each(["<html>", '{"code":200}', "[]", '{"code":200,"desc":"success ","data":{"revision":"x"}}'])(
    "takes %s for something else than a gateway",
    async (body) => {
      const { port } = await adminThat(body, 502);
      const run = await new StoreCli(store, { admin: { listen: `127.0.0.1:${port}` } }).run("status");
      expect(run).toMatchObject({ code: 1, out: "" });
      expect(run.err).toMatch(/answers HTTP 502 with something else than a gateway's status: /);
      expect(run.err.endsWith(`: ${body}`)).toBe(true);
    },
  );

  it("says that nothing answers, and whether Redis does", async () => {
    const run = await new StoreCli(store, { admin: { listen: "127.0.0.1:1" } }).run("status");
    expect(run).toMatchObject({ code: 1, out: "" });
    expect(run.err.split("\n")).toEqual([
      "dygateway: the gateway does not answer at http://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1",
      "  is nginx running, and with this configuration's admin.listen?",
      `  Redis at unix:${store.settings.unixSocket} answers`,
    ]);
    const both = await new StoreCli(store, { admin: { listen: "127.0.0.1:1" }, redis: { unix_socket: "/nonexistent/s" } }).run("status");
    expect(both.err).toMatch(/redis connect error for unix:\/nonexistent\/s/);
  });
});
