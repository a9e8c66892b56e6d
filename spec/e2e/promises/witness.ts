import { setTimeout as pause } from "node:timers/promises";
import { expect } from "vitest";
import type { AdminAnswer } from "../support/admin_client.ts";
import { WORKERS, type Cluster } from "../support/cluster.ts";
import type { RawAnswer } from "../support/raw_answer.ts";
import { until } from "../support/until.ts";
import { KeptConnection, ConnectionLost } from "./kept_connection.ts";
import { expecting, user, type Expected, type Level, type User } from "./users.ts";

/** What was in force, for requests in flight at any time from `from` to `to` (milliseconds). */
interface Span {
  /** Counts up: what came later has the larger one. */
  readonly number: number;
  readonly expected: Expected;
  readonly from: number;
  to: number;
}

const KEPT = 8;
const FRESH = 2;
/** Of one connection, between two requests: the machine has other things to do. */
const PACE_MS = 4;
/** After so long no request is in flight any more that what was in force then could have answered. */
const REMEMBERED_MS = 30_000;
const EXAMPLES = 8;

/** A connection of the witness, and what it has seen. */
interface Seat {
  readonly connection: KeptConnection;
  /** The process that serves it; known after its first answer. */
  worker: number;
  /** The latest state that an answer on it came from. */
  number: number;
}

/** Why connections may end under a request, which is then sent again. Without any none may. */
export interface Allowances {
  /** How often nginx reloads or ends: each time a kept connection may be closed just as a request is sent on it. */
  readonly reloads?: number;
  /** How often a worker is killed, which takes all its connections with it. */
  readonly kills?: number;
  /** Between two requests of a connection; for what takes minutes, so that others on the machine get on. */
  readonly paceMs?: number;
}

/**
 * Sends distinct users all the while, over kept connections and fresh ones, and checks every answer: it must be what is
 * in force then; while a change is under way also what was, but on one connection, that is of one worker, never the old
 * again after the new.
 */
export class Witness {
  sent = 0;
  failed = 0;
  astray = 0;
  /** Requests sent once more because a kept connection ended. */
  again = 0;
  /** The same of connections made for one request: a worker that was given one must answer it. */
  againFresh = 0;
  readonly examples: string[] = [];
  private readonly host: string;
  private spans: Span[];
  private numbers = 1;
  private users = 0;
  private answered = 0;
  private busy = 0;
  private isStopped = false;
  private isPaused = false;
  private avoided: number | undefined;
  private clients: Promise<void>[] = [];

  private readonly paceMs: number;
  private readonly port: number;

  /** @param port of another node than the cluster's own. */
  constructor(cluster: Cluster, host: string, levels: readonly Level[], { paceMs = PACE_MS, port = cluster.port }: { readonly paceMs?: number; readonly port?: number } = {}) {
    this.paceMs = paceMs;
    this.port = port;
    this.host = host;
    this.spans = [{ number: 1, expected: expecting(levels), from: 0, to: Infinity }];
  }

  start(): void {
    this.clients = [
      ...Array.from({ length: KEPT }, () => this.client(false)),
      ...Array.from({ length: FRESH }, () => this.client(true)),
    ];
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.clients);
  }

  /** Waits until so many more were answered. */
  async more(count: number): Promise<void> {
    const enough = this.answered + count;
    await until(`the witness was given ${count} more answers`, () => this.answered >= enough, 30_000);
  }

  /** Nothing is sent from when this returns until `resume`: the gateway is about to be away. */
  async pause(): Promise<void> {
    this.isPaused = true;
    await until("the last answers are there", () => this.busy === 0, 15_000);
  }

  resume(): void {
    this.isPaused = false;
  }

  /** Leaves a worker alone, and opens no connection, which might be given to it; undefined ends that. */
  async avoid(worker: number | undefined): Promise<void> {
    await this.pause();
    this.avoided = worker;
    this.resume();
  }

  /** From now on either what is in force or `levels` may answer. */
  begin(levels: readonly Level[]): void {
    const now = performance.now();
    this.numbers++;
    this.spans = this.spans.filter(({ to }) => to > now - REMEMBERED_MS);
    this.spans.push({ number: this.numbers, expected: expecting(levels), from: now, to: Infinity });
  }

  /** Requests that are sent from now on must be answered by the last that was begun. */
  settle(): void {
    const now = performance.now();
    for (const span of this.spans) {
      if (span.number !== this.numbers && span.to === Infinity) {
        span.to = now;
      }
    }
  }

  /** Makes a change by the admin interface. Its answer settles it, and every worker must have it by then. */
  async change(levels: readonly Level[], make: () => Promise<AdminAnswer>, workers = WORKERS): Promise<AdminAnswer> {
    this.begin(levels);
    const answer = await make();
    expect(`${answer.code} ${String(answer.headers["x-dygateway-applied"])}`).toBe(`200 ${workers}/${workers}`);
    this.settle();
    return answer;
  }

  report(what: string): void {
    const more = this.againFresh > 0 ? ` and ${this.againFresh} on new connections` : "";
    const again = this.again + this.againFresh > 0 ? `, sent again ${this.again}${more}` : "";
    console.info(`${what}: sent ${this.sent}, failed ${this.failed}, astray ${this.astray}${again}`);
  }

  expectNothingWrong({ reloads = 0, kills = 0 }: Allowances): void {
    // In these words a failure is final: scripts/test/tally.ts.
    expect(this.astray, `answers astray: ${this.astray}, as ${this.examples.join("; ")}`).toBe(0);
    expect({ failed: this.failed, examples: this.examples }).toEqual({ failed: 0, examples: [] });
    expect(this.sent).toBeGreaterThan(0);
    expect(this.again).toBeLessThanOrEqual(KEPT * (reloads + kills));
    expect(this.againFresh).toBeLessThanOrEqual(FRESH * kills);
  }

  private async client(isFresh: boolean): Promise<void> {
    let seat: Seat | undefined;
    while (!this.isStopped) {
      const mayOpen = this.avoided === undefined;
      const isAway = seat === undefined || !seat.connection.usable || (seat.worker === this.avoided && !mayOpen);
      if (!this.isPaused && (mayOpen || !isAway)) {
        this.busy++;
        seat = await this.request(isAway ? this.open() : (seat as Seat), isFresh);
        this.busy--;
        if (isFresh) {
          seat.connection.close();
        }
      } else if (isAway && !mayOpen && seat !== undefined) {
        seat.connection.close();
      }
      await pause(this.paceMs);
    }
    seat?.connection.close();
  }

  private open(): Seat {
    return { connection: new KeptConnection(this.port), worker: -1, number: 0 };
  }

  private async request(first: Seat, isFresh: boolean): Promise<Seat> {
    const who = user(this.users++);
    const head = `GET / HTTP/1.1\r\nHost: ${this.host}\r\nX-Uid: ${who.uid}\r\nX-Real-IP: ${who.ip}\r\n${isFresh ? "Connection: close\r\n" : ""}\r\n`;
    this.sent++;
    let seat = first;
    for (let attempt = 1; ; attempt++) {
      const sent = performance.now();
      try {
        this.check(seat, who, await seat.connection.ask(head), sent);
        this.answered++;
        return seat;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) {
          throw error;
        }
        if (attempt === 2 || error.answerBegun) {
          this.failed++;
          this.example(who, error.message);
          return seat;
        }
        if (isFresh) {
          this.againFresh++;
        } else {
          this.again++;
        }
        seat = this.open();
      }
    }
  }

  private check(seat: Seat, who: User, answer: RawAnswer, sent: number): void {
    const backend = /^this is (\w+) server\n$/.exec(answer.body)?.[1];
    seat.worker = Number(/\r\nx-worker: (\d+)/i.exec(answer.head)?.[1] ?? -1);
    if (answer.status !== 200 || backend === undefined) {
      this.failed++;
      this.example(who, `${answer.status} ${answer.body.slice(0, 100)}`);
      return;
    }
    const now = performance.now();
    const possible = this.spans.filter(({ from, to }) => from <= now && to >= sent);
    const fitting = possible.filter(({ expected }) => expected(who) === backend).map(({ number }) => number);
    const latest = Math.max(...fitting);
    if (fitting.length === 0 || latest < seat.number) {
      this.astray++;
      const wanted = [...new Set(possible.map(({ expected }) => expected(who)))].join(" or ");
      this.example(who, `${backend} instead of ${fitting.length === 0 ? wanted : "what the same worker gave before"}`);
      return;
    }
    seat.number = Math.max(seat.number, Math.min(...fitting));
  }

  private example({ uid, ip }: User, what: string): void {
    if (this.examples.length < EXAMPLES) {
      this.examples.push(`uid ${uid}, ${ip}: ${what}`);
    }
  }
}

/** Stores levels as a group. @returns its id. */
export async function storeGroup(cluster: Cluster, levels: readonly Level[]): Promise<number> {
  const group = Object.fromEntries(levels.map(({ policy }, i) => [`${i + 1}`, policy]));
  return (await cluster.done("policygroup_set", {}, group)).data.groupid as number;
}

/** Stores levels and puts them in force for the host that the witness watches. */
export async function putInForce(witness: Witness, cluster: Cluster, host: string, levels: readonly Level[]): Promise<void> {
  const policygroupid = await storeGroup(cluster, levels);
  await witness.change(levels, () => cluster.done("runtime_set", { hostname: host, policygroupid }));
}

/** Puts levels in force for a host of its own, and watches it while something happens. */
export async function witnessed(
  cluster: Cluster,
  what: string,
  levels: readonly Level[],
  happen: (witness: Witness, host: string) => Promise<unknown>,
  allowances: Allowances = {},
): Promise<void> {
  const host = cluster.newHost();
  if (levels.length > 0) {
    await cluster.divert(host, ...levels.map(({ policy }) => policy));
  }
  const witness = new Witness(cluster, host, levels, allowances);
  witness.start();
  try {
    await witness.more(100);
    await happen(witness, host);
    await witness.more(100);
  } finally {
    await witness.stop();
    witness.report(what);
  }
  witness.expectNothingWrong(allowances);
}
