import { execFile, execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { validateCluster, type ClusterDocument } from "../../../../src/node/lvs/inventory/index.ts";
import { filesOnDisk } from "../../../../src/node/lvs/render/release.ts";
import { renderLoadBalancer } from "../../../../src/node/lvs/render/render_lb.ts";
import { writeSet } from "../../../../src/node/render/write_set.ts";
import { startProgram, type Program } from "../../support/program.ts";
import { deleteNamespace, makeNamespace, whyNoNamespaces } from "./namespaces.ts";
import { programPath } from "./program_path.ts";

const run = promisify(execFile);
const frrFolder = "/usr/lib/frr";
const ospfKey = "lab-md5-key";

/** Why there can be no lab here; undefined: there can. */
export function whyNoLab(): string | undefined {
  if (programPath("ospfd", frrFolder) === undefined) return "there is no FRR (Debian: frr; scripts/setup test)";
  return whyNoNamespaces();
}

/** The cluster of the lab: two load balancers, a VIP with two ports and one with one. */
export const labDocument: ClusterDocument = {
  name: "lab",
  type: "extra",
  device: "up0",
  dialect: "mainline",
  lb_kind: "NAT",
  ospf: { hello: 1, dead: 4, key_from: { env: "LAB_KEY" } },
  vipnets: ["10.88.0.0/24"],
  lbinfos: [1, 2].map((n) => ({
    hostname: `lb${n}.lab`,
    routerid: `10.77.${n}.2`,
    internalip: `10.78.${n}.2`,
    internalnetmask: "255.255.255.0",
    internalgateway: `10.78.${n}.1`,
    extraip: `10.77.${n}.2`,
    extranetmask: "255.255.255.252",
    extragateway: `10.77.${n}.1`,
    ospfnet: `10.77.${n}.0/30`,
  })),
  vip2ws: [
    { vip: "10.88.0.1", wstype: "apps", wss: ["10.79.0.10", "10.79.0.11"], ports: [port(80), port(443)] },
    { vip: "10.88.0.2", wstype: "search", wss: ["10.79.0.10"], ports: [port(80)] },
  ],
};

function port(number: number): ClusterDocument["vip2ws"][number]["ports"][number] {
  const check = { type: "tcp" as const, port: 8000 + number, interval: 1, connect_timeout: 1, retry: 0, delay_before_retry: 1 };
  return { sport: number, dport: number, check };
}

/** Two load balancers and the router before them, in network namespaces: real FRR on rendered files. */
export class Lab {
  readonly folder = mkdtempSync(join(tmpdir(), "dygateway-lab-"));
  readonly #names = new Map<string, string>();
  readonly #programs: Program[] = [];

  constructor() {
    // FRR's own user has to get in.
    chmodSync(this.folder, 0o755);
  }

  start(): void {
    const validation = validateCluster(labDocument);
    if (!validation.ok) throw new Error(JSON.stringify(validation.problems));
    for (const node of ["router", "lb1", "lb2"]) {
      const name = `dg${node}${process.pid}`;
      makeNamespace(name);
      this.#names.set(node, name);
      this.sh(node, "ip link set lo up");
    }
    for (const [index, lb] of validation.cluster.lbs.entries()) {
      const n = index + 1;
      const node = `lb${n}`;
      this.sh("router", `ip link add down${n} type veth peer name up0 netns ${this.#names.get(node) ?? ""}`);
      this.sh("router", `ip addr add 10.77.${n}.1/30 dev down${n} && ip link set down${n} up`);
      this.sh(node, `ip addr add 10.77.${n}.2/30 dev up0 && ip link set up0 up`);
      const layout = { root: join(this.folder, node, "dygw"), state: join(this.folder, node, "state") };
      const pinned = new Map(["10.79.0.10", "10.79.0.11"].map((address) => [address, address]));
      const release = renderLoadBalancer(validation.cluster, lb, { layout, ospfFiles: "frr", ospfKey, pinned });
      writeSet(join(layout.root, "releases", release.digest), filesOnDisk(release));
      symlinkSync(`releases/${release.digest}`, join(layout.root, "current"));
      writeFileSync(join(this.folder, node, "keepalived.conf"), "include dygw/current/keepalived.conf\n");
      this.#startFrr(node, readFileSync(join(layout.root, "current", "frr.conf"), "utf8"));
    }
    this.#startFrr("router", routerConf());
  }

  /** frr.conf has to be readable for FRR's user, or FRR starts without any of it. */
  #startFrr(node: string, conf: string): void {
    const folder = this.#frr(node);
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "frr"], { encoding: "utf8" })));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "frr.conf"), conf, { mode: 0o640 });
    for (const path of [folder, join(folder, "frr.conf")]) chownSync(path, uid ?? 0, gid ?? 0);
    for (const daemon of ["zebra", "ospfd"]) {
      const args = ["-f", join(folder, "frr.conf"), "-z", join(folder, "zserv.api"), "-i", join(folder, `${daemon}.pid`)];
      const rest = ["--vty_socket", folder, "-P", "0", "-u", "frr", "-g", "frr"];
      this.startIn(node, join(frrFolder, daemon), [...args, ...rest], daemon);
    }
  }

  #frr(node: string): string {
    return join(this.folder, node, "frr");
  }

  /** A program of a node; it ends with the lab at the latest. */
  startIn(node: string, file: string, args: readonly string[], log: string): Program {
    const program = startProgram("ip", ["netns", "exec", this.#names.get(node) ?? "", file, ...args], join(this.folder, `${node}-${log}.log`));
    this.#programs.push(program);
    return program;
  }

  sh(node: string, command: string): string {
    return execFileSync("ip", ["netns", "exec", this.#names.get(node) ?? "", "sh", "-c", command], { encoding: "utf8" });
  }

  vtysh(node: string, command: string): string {
    return execFileSync("vtysh", ["--vty_socket", this.#frr(node), "-c", command], { encoding: "utf8" });
  }

  /** The hook of a load balancer, as keepalived calls it. */
  async hook(node: string, ...args: readonly string[]): Promise<void> {
    const script = join(this.folder, node, "dygw", "current", "vip_hook.sh");
    await run("ip", ["netns", "exec", this.#names.get(node) ?? "", "/bin/sh", script, ...args]);
  }

  hasVip(node: string, vip: string): boolean {
    return this.sh(node, `ip -o addr show dev lo to ${vip}/32`) !== "";
  }

  /** The hook's flags of the ports of a VIP. */
  flags(node: string, vip: string): string[] {
    const folder = join(this.folder, node, "state", "vips", vip);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("port.")).sort() : [];
  }

  /** What a program of a node has printed. */
  log(node: string, name: string): string {
    return readFileSync(join(this.folder, `${node}-${name}.log`), "utf8");
  }

  /** The load balancers that the router's kernel sends a VIP's packets to. */
  nextHops(vip: string): string[] {
    const routes = this.sh("router", `ip route show ${vip}/32`);
    return [...routes.matchAll(/via 10\.77\.(\d)\.2/g)].map((match) => `lb${match[1] ?? ""}`).sort();
  }

  async stop(): Promise<void> {
    for (const program of this.#programs.reverse()) await program.stop("SIGTERM");
    for (const name of this.#names.values()) deleteNamespace(name);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The router's side of each uplink, as its operators would have it. */
function routerConf(): string {
  const link = (n: number): string =>
    [
      `interface down${n}`,
      " ip ospf authentication message-digest",
      ` ip ospf message-digest-key 1 md5 ${ospfKey}`,
      " ip ospf dead-interval 4",
      " ip ospf hello-interval 1",
      " ip ospf network point-to-point",
      "exit",
    ].join("\n");
  // Without the first line it would install routes by nexthop objects, which `ip route` shows differently.
  const router = ["router ospf", " ospf router-id 10.77.0.1", " network 10.77.0.0/16 area 0.0.0.0", "exit"].join("\n");
  return `no zebra nexthop kernel enable\n${link(1)}\n${link(2)}\n${router}\n`;
}
