import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { roles, type Role } from "../../../src/node/manager/auth/roles.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { ask, ManagerBench } from "./support_service.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

/** What a path's parameters stand for in these tests. */
const samples: Readonly<Record<string, string>> = {
  cluster: "nobody",
  vip: "10.3.1.1",
  sport: "80",
  version: "1",
  wstype: "apps",
  job: "1700000000000-0011aabb",
  hostname: "nobody.hy01",
};

interface Described {
  readonly "x-role": Role | "nobody";
  readonly security: readonly unknown[];
}

const methods = ["get", "post", "put", "patch", "delete"] as const;

describe("every route", () => {
  it("is for its role and those above, and for nobody else", async () => {
    const bench = await new ManagerBench(store).start({ failures_per_minute: 10_000 });
    const { paths } = (await ask(bench.port, "GET", "/api/v1/openapi.json")).json as unknown as { paths: Record<string, Record<string, Described>> };
    const seen: string[] = [];
    for (const [path, described] of Object.entries(paths)) {
      for (const method of methods) {
        const needed = described[method]?.["x-role"];
        if (needed === undefined) continue;
        const address = path.replace(/\{([a-z]+)\}/g, (_, name: string) => samples[name] ?? "?");
        expect(address).not.toContain("?");
        for (const role of [undefined, ...roles]) {
          const token = role === undefined ? {} : { token: bench.tokens[role] };
          const { status } = await ask(bench.port, method.toUpperCase(), address, { ...token, ...(method === "get" || method === "delete" ? {} : { body: {} }) });
          const mayIn = needed === "nobody" || (role !== undefined && roles.indexOf(role) >= roles.indexOf(needed));
          const verdict = status === 401 ? "unknown" : status === 403 ? "refused" : "let in";
          const expected = mayIn ? "let in" : role === undefined ? "unknown" : "refused";
          expect([method, path, role, verdict]).toEqual([method, path, role, expected]);
          expect([method, path, status]).not.toEqual([method, path, 500]);
        }
        seen.push(`${method} ${path} ${needed}`);
      }
    }
    expect(seen).toHaveLength(31);
    expect(seen.filter((line) => line.endsWith("nobody"))).toEqual(["get /api/v1/openapi.json nobody"]);
    expect(seen.filter((line) => line.endsWith("admin"))).toEqual(["delete /api/v1/clusters/{cluster} admin", "put /api/v1/wstypes/{wstype} admin"]);
    expect(seen.filter((line) => /^(?:post|put|patch|delete)/.test(line) && line.endsWith("viewer"))).toEqual([]);
    expect(bench.log).toEqual([]);
  });
});

describe("tokens", () => {
  it("are kept as hashes, in a file for the service alone", () => {
    const bench = new ManagerBench(store);
    const text = readFileSync(bench.tokenFile.path, "utf8");
    for (const token of Object.values(bench.tokens)) {
      expect(text).not.toContain(token);
      // The secret itself may have a `_`.
      expect(text).not.toContain(token.split("_").slice(2).join("_"));
    }
    expect(statSync(bench.tokenFile.path).mode & 0o777).toBe(0o600);
  });

  it("are out at once when they are revoked, and in at once when they are made", async () => {
    const bench = await new ManagerBench(store).start();
    const status = async (token: string): Promise<number> => (await ask(bench.port, "GET", "/api/v1/clusters", { token })).status;
    expect(await status(bench.tokens.viewer)).toBe(200);
    bench.tokenFile.change((entries) => entries.filter(({ role }) => role !== "viewer"));
    expect(await status(bench.tokens.viewer)).toBe(401);
    expect(await status(bench.token("new", "viewer"))).toBe(200);
  });

  it.each([
    ["an expired one", (bench: ManagerBench) => bench.token("old", "admin", new Date(Date.now() - 3 * 86_400_000), 2)],
    ["the right id with another secret", (bench: ManagerBench) => bench.tokens.admin.replace(/^(dygw_[^_]*)_.*$/, `$1_${"A".repeat(43)}`)],
    ["another form", () => "admin"],
    ["none of ours", () => `dygw_${"0".repeat(12)}_${"A".repeat(43)}`],
    ["one with a blank behind it", (bench: ManagerBench) => `${bench.tokens.admin} x`],
  ])("are refused: %s", async (_, tokenOf) => {
    const bench = await new ManagerBench(store).start();
    const reply = await ask(bench.port, "GET", "/api/v1/clusters", { token: tokenOf(bench) });
    expect([reply.status, reply.headers["www-authenticate"]]).toEqual([401, 'Bearer realm="dygateway"']);
  });

  it("let nobody in when their file is damaged", async () => {
    const bench = await new ManagerBench(store).start();
    writeFileSync(bench.tokenFile.path, '{"version":1,"tokens":[{"name":"x"}]}');
    const reply = await bench.ask("admin", "GET", "/clusters");
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain("tokens.json");
    expect(bench.log.join()).toContain("tokens.json is not usable");
  });

  it("that are missing are counted by address; who has one is still let in", async () => {
    const bench = await new ManagerBench(store).start({ failures_per_minute: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push((await ask(bench.port, "GET", "/api/v1/clusters", { token: "wrong" })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    const refused = await ask(bench.port, "GET", "/api/v1/clusters");
    expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([429, true]);
    expect((await bench.ask("viewer", "GET", "/clusters")).status).toBe(200);
  });

  it("are asked for before a body is read", async () => {
    const bench = await new ManagerBench(store).start();
    const reply = await ask(bench.port, "POST", "/api/v1/clusters", { raw: "{ not JSON" });
    expect(reply.status).toBe(401);
  });

  it("are made, listed and revoked from the command line", async () => {
    const bench = await new ManagerBench(store).start();
    const { Sandbox } = await import("../support/sandbox.ts");
    const sandbox = new Sandbox();
    const config = join(bench.folder, "dygateway.yaml");
    writeFileSync(config, bench.configText());
    const run = (...argv: string[]) => sandbox.run(["manager", "token", ...argv, "-c", config]);
    const made = await run("create", "ann", "--role", "operator");
    expect(made).toMatchObject({ code: 0, err: "" });
    expect((await bench.ask("viewer", "POST", "/clusters", { token: made.out, body: {} })).status).toBe(422);
    expect((await run("create", "ann", "--role", "viewer")).err).toContain("there is a token ann already");
    expect((await run("create", "a b", "--role", "viewer")).code).toBe(2);
    expect((await run("create", "x", "--role", "root")).code).toBe(2);
    const listed = await run("list");
    expect(listed.out).toMatch(/^NAME .*\n(?:.*\n)*ann +operator /);
    expect(listed.out).not.toContain("dygw_");
    expect(await run("revoke", "ann")).toMatchObject({ code: 0, out: "token ann revoked" });
    expect(await run("revoke", "ann")).toMatchObject({ code: 1, out: "there is no token ann" });
    expect((await bench.ask("viewer", "GET", "/clusters", { token: made.out })).status).toBe(401);
  });
});
