import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Sandbox } from "./support/sandbox.ts";

/** Starts a real Redis with the rendered file; it ends with the test. */
async function startRedis(sandbox: Sandbox, folders: readonly string[], socket: string): Promise<void> {
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
  const redis = spawn("redis-server", [`${sandbox.output}/redis.conf`], { stdio: "ignore" });
  const ended = new Promise((resolve) => redis.once("exit", resolve));
  onTestFinished(async () => {
    redis.kill();
    await ended;
  });
  await vi.waitFor(() => expect(existsSync(socket)).toBe(true), { timeout: 10_000, interval: 10 });
}

function ask(socket: string, login: readonly string[], ...command: string[]): string {
  const run = spawnSync("redis-cli", ["-s", socket, "--no-auth-warning", ...login, ...command], { encoding: "utf8" });
  return (run.stdout + run.stderr).trim();
}

describe("redis.conf", () => {
  it("is read by Redis as it was meant, hostile names and all", async () => {
    const sandbox = new Sandbox();
    const socket = sandbox.path("r.sock");
    const data = sandbox.path('da "ta\' \\ # x{}é');
    sandbox.configure({
      redis: {
        unix_socket: socket,
        username: "gateway",
        password: 'p"w \\ #\' x',
        database: 2,
        server: { data_dir: data, databases: 3, maxmemory: "64m", save: [] },
      },
    });
    await startRedis(sandbox, [data], socket);
    const login = ["--user", "gateway", "--pass", 'p"w \\ #\' x'];
    expect(ask(socket, login, "config", "get", "dir")).toBe(`dir\n${data}`);
    expect(ask(socket, login, "config", "get", "maxmemory")).toBe("maxmemory\n67108864");
    expect(ask(socket, login, "config", "get", "databases")).toBe("databases\n3");
    expect(ask(socket, login, "config", "get", "save")).toBe("save");
    expect(ask(socket, login, "config", "get", "port")).toBe("port\n0");
    expect(ask(socket, login, "-n", "2", "set", "ab:test:x", "1")).toBe("OK");
    // Nobody else gets in.
    expect(ask(socket, [], "ping")).toContain("NOAUTH");
    expect(ask(socket, ["--user", "gateway", "--pass", "wrong"], "ping")).toContain("WRONGPASS");
  });

  it("does not hold the password itself", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ redis: { password: "pass-word" } });
    await sandbox.render();
    expect(sandbox.read("redis.conf")).not.toContain("pass-word");
    expect(sandbox.read("dygateway.json")).toContain("pass-word");
  });
});
