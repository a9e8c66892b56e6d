import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { sshTransport } from "../../../../src/node/lvs/push/ssh.ts";
import type { Transport } from "../../../../src/node/lvs/push/transport.ts";
import { freePorts } from "../../support/free_ports.ts";
import type { Program } from "../../support/program.ts";
import { until } from "../../support/until.ts";
import { programPath } from "./program_path.ts";

/** `lb11.test` is 127.0.0.11. */
const addressOf = (host: string): string => `127.0.0.${host.slice(2, 4)}`;

const sshd = programPath("sshd");
export const whyNoSshd = sshd === undefined ? "there is no sshd (Debian: openssh-server; scripts/setup test)" : undefined;

/** Starts a program in the foreground. */
export type Launch = (file: string, args: readonly string[], output: string) => Program | Promise<Program>;

/** One sshd on several addresses: to those who log in, machines with folders of their own. */
export class SshStand {
  readonly folder: string;
  readonly #hosts: readonly string[];
  readonly #launch: Launch;
  #program: Program | undefined;
  #port = 0;
  #madeRunFolder = false;
  readonly #mounts: string[] = [];

  /** @param hosts what load balancers are called: lb11.test for 127.0.0.11, and so on. */
  constructor(hosts: readonly string[], launch: Launch, above = tmpdir()) {
    this.#hosts = hosts;
    this.#launch = launch;
    this.folder = mkdtempSync(join(above, "dygateway-sshd-"));
  }

  /** @param environment of the sessions of single hosts, besides the folder. */
  async start(environment: Readonly<Record<string, Readonly<Record<string, string>>>> = {}): Promise<void> {
    [this.#port = 0] = await freePorts(1);
    for (const name of ["host_key", "other_key", "user_key"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(this.folder, name)]);
    }
    const file = (name: string, lines: readonly string[]): void => {
      writeFileSync(join(this.folder, name), `${lines.join("\n")}\n`);
      chmodSync(join(this.folder, name), 0o600);
    };
    const key = (name: string): string => readFileSync(join(this.folder, `${name}.pub`), "utf8").trim();
    file("authorized_keys", [key("user_key")]);
    this.trust();
    file("ssh_config", [
      ...this.#hosts.flatMap((host) => [`Host ${host}`, `  HostName ${addressOf(host)}`]),
      "Host *",
      `  Port ${this.#port}`,
      `  User ${userInfo().username}`,
      `  IdentityFile ${join(this.folder, "user_key")}`,
      "  IdentitiesOnly yes",
    ]);
    file("sshd_config", [
      `Port ${this.#port}`,
      ...this.#hosts.map((host) => `ListenAddress ${addressOf(host)}`),
      `HostKey ${join(this.folder, "host_key")}`,
      `PidFile ${join(this.folder, "sshd.pid")}`,
      `AuthorizedKeysFile ${join(this.folder, "authorized_keys")}`,
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PermitRootLogin prohibit-password",
      "StrictModes no",
      "UsePAM no",
      "MaxStartups 100",
      ...this.#hosts.flatMap((host) => [`Match LocalAddress ${addressOf(host)}`, `  SetEnv ${this.#settings(host, environment[host] ?? {})}`]),
    ]);
    // As root it separates privileges, in this folder.
    if (process.getuid?.() === 0 && !existsSync("/run/sshd")) {
      mkdirSync("/run/sshd", { mode: 0o755 });
      this.#madeRunFolder = true;
      process.once("exit", () => this.#leaveRunFolder());
    }
    this.#program = await this.#launch(sshd ?? "sshd", ["-D", "-e", "-f", join(this.folder, "sshd_config")], join(this.folder, "sshd.log"));
    await until("sshd listens", () => canConnect(addressOf(this.#hosts[0] ?? ""), this.#port));
  }

  #settings(host: string, environment: Readonly<Record<string, string>>): string {
    return Object.entries({ DYGATEWAY_LVS_ROOT: this.root(host), ...environment })
      .map(([name, value]) => `${name}=${value}`)
      .join(" ");
  }

  /** The folder of a host's releases. */
  root(host: string): string {
    return join(this.folder, host, "dygw");
  }

  /** The key that known_hosts has for each host: the right one, but for those named. */
  trust(...wrong: readonly string[]): void {
    const key = (name: string): string => readFileSync(join(this.folder, `${name}.pub`), "utf8").trim();
    const lines = this.#hosts.map((host) => `[${addressOf(host)}]:${this.#port} ${key(wrong.includes(host) ? "other_key" : "host_key")}`);
    writeFileSync(join(this.folder, "known_hosts"), `${lines.join("\n")}\n`);
  }

  get knownHosts(): string {
    return join(this.folder, "known_hosts");
  }

  get configFile(): string {
    return join(this.folder, "ssh_config");
  }

  transport(): Transport {
    return sshTransport({ program: "ssh", knownHosts: this.knownHosts, configFile: this.configFile, user: undefined, connectTimeoutS: 5 });
  }

  /** What a load balancer does, without ssh before it. */
  direct(): Transport {
    return ({ host, script, payload }) =>
      new Promise((resolve) => {
        const environment = { ...process.env, DYGATEWAY_LVS_ROOT: this.root(host) };
        const child = spawn("sh", ["-c", script], { env: environment, stdio: ["pipe", "pipe", "inherit"] });
        const output: Buffer[] = [];
        child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
        child.once("close", () => resolve({ kind: "answered", output: Buffer.concat(output), errors: "" }));
        child.stdin.end(payload);
      });
  }

  /** A host on a disk of so many bytes; false where mounting is not permitted. */
  smallDisk(host: string, bytes: number): boolean {
    const folder = join(this.folder, host);
    mkdirSync(folder, { recursive: true });
    if (spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "none", folder]).status !== 0) return false;
    if (this.#mounts.push(folder) === 1) process.once("exit", () => this.unmount());
    return true;
  }

  /** A disk that was full is not any more. */
  unmount(): void {
    for (const folder of this.#mounts.splice(0)) execFileSync("umount", ["-l", folder]);
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    this.unmount();
    this.#leaveRunFolder();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #leaveRunFolder(): void {
    if (this.#madeRunFolder) rmdirSync("/run/sshd");
    this.#madeRunFolder = false;
  }
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
