import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Program } from "../support/program.ts";
import { until } from "../support/until.ts";
import { Lab, whyNoLab } from "./support/lab.ts";
import { programPath } from "./support/program_path.ts";

function whyNot(): string | undefined {
  if (programPath("keepalived") === undefined) return "there is no keepalived (scripts/setup test)";
  if (programPath("gcc") === undefined) return "there is no gcc to build what stands in for IPVS";
  return whyNoLab();
}
const reason = whyNot();
const vip = "10.88.0.1";
const server = 'require("net").createServer((socket) => socket.end()).listen(Number(process.argv[2]), process.argv[1])';

/** keepalived's own checker, on the rendered files, drives the hook; only IPVS itself is stood in for. */
describe.skipIf(reason !== undefined)(`keepalived on rendered files${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let lab: Lab;
  let keepalived: Program;
  const servers = new Map<string, Program>();

  beforeAll(async () => {
    lab = new Lab();
    execFileSync("gcc", ["-shared", "-fPIC", "-o", join(lab.folder, "no_ipvs.so"), join(import.meta.dirname, "support", "no_ipvs.c")]);
    lab.start();
    for (const address of ["10.79.0.10", "10.79.0.11"]) lab.sh("router", `ip addr add ${address}/32 dev lo`);
    lab.sh("lb1", "ip route add 10.79.0.0/24 via 10.77.1.1");
    await until("the adjacency is full", () => /10\.77\.1\.2 .*Full\//.test(lab.vtysh("router", "show ip ospf neighbor")), 40_000);
    keepalived = startKeepalived();
  });
  afterAll(() => lab.stop());
  afterEach(async () => {
    for (const name of servers.keys()) await end(name);
    await announced(false);
  });

  function startKeepalived(): Program {
    const file = (name: string): string => join(lab.folder, "lb1", name);
    const args = ["-n", "-l", "-D", "-C", "-f", file("keepalived.conf"), "-p", file("keepalived.pid"), "-c", file("checkers.pid")];
    return lab.startIn("lb1", "env", [`LD_PRELOAD=${join(lab.folder, "no_ipvs.so")}`, "keepalived", ...args], "keepalived");
  }
  /** A real server's port that answers; its checks are one second apart. */
  const answer = (address: string, port: number): void =>
    void servers.set(`${address}:${port}`, lab.startIn("router", process.execPath, ["-e", server, address, `${port}`], "servers"));
  const end = async (name: string): Promise<void> => {
    await servers.get(name)?.stop("SIGKILL");
    servers.delete(name);
  };
  const announced = (is: boolean): Promise<void> =>
    until(`${vip} is ${is ? "" : "not "}announced`, () => lab.nextHops(vip).length === (is ? 1 : 0), 30_000);

  it("announces the VIP when a real server answers, and withdraws it when the last one ends", async () => {
    answer("10.79.0.10", 8080);
    await announced(true);
    answer("10.79.0.11", 8080);
    await end("10.79.0.10:8080");
    await until("keepalived has seen it", () => lab.log("lb1", "keepalived").includes("Removing service [10.79.0.10]:tcp:80"), 20_000);
    expect(lab.nextHops(vip)).toEqual(["lb1"]);
    await end("10.79.0.11:8080");
    await announced(false);
  });

  it("keeps the VIP while its other port has a real server", async () => {
    answer("10.79.0.10", 8080);
    answer("10.79.0.10", 8443);
    await until("both ports are up", () => lab.flags("lb1", vip).join() === "port.443,port.80", 20_000);
    await announced(true);
    await end("10.79.0.10:8080");
    await until("one port is down", () => lab.flags("lb1", vip).join() === "port.443", 20_000);
    expect(lab.nextHops(vip)).toEqual(["lb1"]);
    await end("10.79.0.10:8443");
    await announced(false);
  });

  it("withdraws its VIPs when it is stopped", async () => {
    answer("10.79.0.10", 8080);
    await announced(true);
    await keepalived.stop("SIGTERM");
    await announced(false);
    keepalived = startKeepalived();
    await announced(true);
  });

  it("withdraws what a killed one left announced when it starts again", async () => {
    answer("10.79.0.10", 8080);
    await announced(true);
    // Its checker first, which would withdraw the VIP when it sees its parent gone, and which its parent would replace.
    keepalived.signal("SIGSTOP");
    lab.sh("lb1", `pkill -KILL -P ${keepalived.pid}`);
    await keepalived.stop("SIGKILL");
    // In a container nobody may take note of its end, and the next one would believe that it still runs.
    rmSync(join(lab.folder, "lb1", "checkers.pid"));
    await end("10.79.0.10:8080");
    expect(lab.nextHops(vip)).toEqual(["lb1"]);
    keepalived = startKeepalived();
    await announced(false);
  });
});
