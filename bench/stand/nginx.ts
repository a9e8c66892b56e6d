import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../spec/e2e/support/until.ts";
import { BenchError } from "../settings.ts";
import { ask } from "./http.ts";
import { childrenOf, cpuNanoseconds, titleOf } from "./process_facts.ts";
import type { Program, Stand } from "./stand.ts";

export interface NginxPlace {
  /** The binary. */
  readonly nginx: string;
  /** The folder of nginx.conf. */
  readonly conf: string;
  readonly errorLog: string;
  readonly port: number;
  readonly workers: number;
  readonly cpu: number | undefined;
}

const lookMs = 200;
const patience = 60_000;

/** An nginx that a measurement has started; a gateway or not. */
export class Nginx {
  readonly place: NginxPlace;
  private readonly stand: Stand;
  private program: Program | undefined;

  constructor(stand: Stand, place: NginxPlace) {
    this.stand = stand;
    this.place = place;
  }

  /** How busy an idle worker may be, in parts of a CPU: timers go on. */
  protected get idleShare(): number {
    return 0.03;
  }

  get port(): number {
    return this.place.port;
  }

  private arguments(directives: string): string[] {
    const { conf, errorLog } = this.place;
    return ["-p", `${conf}/`, "-c", join(conf, "nginx.conf"), "-e", errorLog, "-g", directives];
  }

  /** Starts it and returns at once. */
  async launch(): Promise<void> {
    const { nginx, cpu } = this.place;
    this.program = await this.stand.start({ name: "nginx", file: nginx, args: this.arguments("daemon off;"), cpu });
  }

  /** Starts it as one process, which another program watches. */
  launchUnder(watcher: string, args: readonly string[]): Promise<Program> {
    const own = this.arguments("daemon off; master_process off;");
    return this.stand.start({ name: watcher, file: watcher, args: [...args, this.place.nginx, ...own] });
  }

  /** Starts it and waits for its first answer. */
  async start(): Promise<void> {
    await this.launch();
    await this.answers();
  }

  async stop(): Promise<void> {
    await this.program?.stop();
  }

  /** A process with nothing compiled yet, and with its memory elsewhere. */
  async startAnew(): Promise<void> {
    await this.stop();
    await this.start();
  }

  get masterPid(): number {
    return this.program?.pid ?? -1;
  }

  /** Those that serve requests, and those that finish the last ones. */
  workerPids(): number[] {
    return childrenOf(this.masterPid).filter((pid) => titleOf(pid).startsWith("nginx: worker process"));
  }

  /** The process that writes upstream.conf and serves nothing, where there is one. */
  agentPid(): number | undefined {
    return childrenOf(this.masterPid).find((pid) => titleOf(pid).startsWith("nginx: privileged agent process"));
  }

  /** CPU time of all workers so far, in nanoseconds. */
  workersCpu(): number {
    return this.workerPids().reduce((sum, pid) => sum + (cpuNanoseconds(pid) ?? 0), 0);
  }

  /** Asks for new workers, and does not wait. */
  signalReload(): void {
    this.program?.signal("SIGHUP");
  }

  /** New workers with nothing compiled yet; the old ones are gone when it returns. */
  async reload(): Promise<void> {
    const before = this.workerPids();
    this.signalReload();
    await until("new workers serve", () => {
      const now = this.workerPids();
      return now.length === this.place.workers && !now.some((pid) => before.includes(pid));
    }, patience);
    await this.answers();
  }

  /** Waits until the workers have done what a start makes them do. */
  async idle(): Promise<void> {
    let before = this.workersCpu();
    let quiet = 0;
    await until("the workers are idle", async () => {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      const now = this.workersCpu();
      quiet = (now - before) / (lookMs * 1e6) < this.idleShare * this.place.workers ? quiet + 1 : 0;
      before = now;
      return quiet >= 3;
    }, patience);
  }

  /** The last lines of its error log. */
  logEnd(): string {
    try {
      return readFileSync(this.place.errorLog, "utf8").trimEnd().split("\n").slice(-15).join("\n");
    } catch {
      return "";
    }
  }

  private async answers(): Promise<void> {
    const ended = (): boolean => this.program?.isRunning() !== true;
    await until(`nginx answers on port ${this.port}`, async () => ended() || (await ask(this.port, {})).status === 200, patience);
    if (ended()) {
      throw new BenchError(`nginx ended while starting:\n${this.logEnd()}\n${this.stand.outputEnd()}`);
    }
  }
}
