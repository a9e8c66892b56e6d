import { type AddressInfo, createServer, type Server } from "node:net";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { assertFree } from "../../scripts/demo/ports.ts";
import { aliveServices, prepareRunDir, recordServices } from "../../scripts/demo/run_dir.ts";
import { curlLine, type SampleCall } from "../../scripts/demo/sample.ts";
import { aliveProcesses, type RunningService, startService, stopService } from "../../scripts/demo/services.ts";
import { readSettings } from "../../scripts/demo/settings.ts";
import { temporaryDirectory, writeTree } from "./support/sandbox.ts";

describe("the settings of make run", () => {
  it("has the documented ports where nothing is set", () => {
    expect(readSettings({ PORT: "" })).toMatchObject({ port: 8030, adminPort: 8080, backendPort: 8040, detach: false });
  });

  it.each(["abc", "0", "65536", "80a", "-1"])("refuses PORT=%s", (port) => {
    expect(() => readSettings({ PORT: port })).toThrow(`PORT=${port} is not a port`);
  });

  it("refuses a port that is wanted twice and names both settings", () => {
    expect(() => readSettings({ PORT: "8042" })).toThrow(/8042 is wanted twice.*change PORT or BACKEND_PORT/);
  });
});

describe("a port that is taken", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  it("is one line that names the port, its owner and the setting", async () => {
    const listening = createServer();
    server = listening;
    await new Promise<void>((resolve) => {
      listening.listen(0, "127.0.0.1", resolve);
    });
    const { port } = listening.address() as AddressInfo;
    const refused = assertFree([{ port, purpose: "traffic", setting: "PORT" }]);
    await expect(refused).rejects.toThrow(
      new RegExp(`^port ${port} \\(traffic\\) is taken by process ${process.pid} \\(.*\\): choose another with PORT=…$`),
    );
  });
});

describe("the directory of make run", () => {
  it("is refused when it holds files of somebody else", () => {
    const directory = temporaryDirectory();
    writeTree(directory, { "redis/dump.rdb": "precious" });
    expect(() => prepareRunDir(directory)).toThrow("RUN_DIR");
    expect(readFileSync(join(directory, "redis/dump.rdb"), "utf8")).toBe("precious");
  });

  it("is emptied of the last demo's data", () => {
    const directory = join(temporaryDirectory(), "run");
    prepareRunDir(directory);
    writeTree(directory, { "redis/dump.rdb": "old" });
    prepareRunDir(directory);
    expect(existsSync(join(directory, "redis/dump.rdb"))).toBe(false);
  });

  it("may have a path that is too long for a unix socket", () => {
    const { redisSocket } = prepareRunDir(join(temporaryDirectory(), "x".repeat(120)));
    expect(Buffer.byteLength(redisSocket)).toBeLessThan(108);
  });
});

describe("the programs of make run", () => {
  const sleeper = (directory: string): Promise<RunningService> =>
    startService({
      name: "the sleeper",
      file: "sleep",
      args: ["600"],
      output: join(directory, "sleep.log"),
      log: join(directory, "sleep.log"),
      command: "sleep",
    });

  it("are found and ended by a later make stop", async () => {
    const directory = temporaryDirectory();
    const service = await sleeper(directory);
    recordServices(directory, [service]);
    const [found] = aliveServices(directory);
    expect(found?.pid).toBe(service.pid);
    await stopService(service);
    expect(await service.ended).toBe("signal SIGTERM");
    expect(aliveServices(directory)).toEqual([]);
  });

  it("are not confused with a process that has the same pid", async () => {
    const service = await sleeper(temporaryDirectory());
    try {
      expect(aliveProcesses({ ...service, startTime: service.startTime - 1 })).toEqual([]);
      expect(aliveProcesses({ ...service, boot: "another boot" })).toEqual([]);
      expect(aliveProcesses({ ...service, command: "redis-server" })).toEqual([]);
      expect(aliveProcesses(service)).toEqual([service.pid]);
    } finally {
      await stopService(service);
    }
  });
});

describe("the printed calls", () => {
  const calls: readonly (readonly [SampleCall, string])[] = [
    [{ path: "", headers: { "X-Uid": "30" }, upstream: "beta3" }, "curl 127.0.0.1:8030 -H 'X-Uid:30'"],
    [{ path: "/?city=SH", headers: {}, upstream: "beta2" }, "curl '127.0.0.1:8030/?city=SH'"],
  ];

  it.each(calls)("can be pasted into a shell: %j", (call, line) => {
    expect(curlLine(call, 8030)).toBe(line);
  });
});
