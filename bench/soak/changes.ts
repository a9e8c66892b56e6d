import type { Gateway } from "../stand/gateway.ts";
import { askAdmin } from "../stand/http.ts";
import type { Timeline } from "./timeline.ts";

export interface ChangeTally {
  done: number;
  /** Answered before every living worker had it. */
  partly: number;
  /** Refused, and the answer says that nothing was changed. */
  refused: number;
  /** No answer, or one that says that nobody knows. */
  uncertain: number;
  /** Milliseconds of those that were done. */
  readonly times: number[];
  readonly reasons: Map<string, number>;
}

const everyMs = 1000;
const timeoutMs = 40_000;
/** For how long workers that were known to lag may go on with the group before. */
const lagMs = 5_000;

/** Switches the runtime between two groups once a second. */
export class Changes {
  readonly tally: ChangeTally = { done: 0, partly: 0, refused: 0, uncertain: 0, times: [], reasons: new Map() };
  /** When a change was last answered as done. */
  lastDone = performance.now();
  private readonly gateway: Gateway;
  private readonly hostname: string;
  private readonly ids: readonly number[];
  private readonly timeline: Timeline;
  private current: number;
  private stopped = false;

  /** @param ids of the groups; the first is in force. */
  constructor(gateway: Gateway, hostname: string, ids: readonly number[], timeline: Timeline) {
    this.gateway = gateway;
    this.hostname = hostname;
    this.ids = ids;
    this.timeline = timeline;
    this.current = 0;
  }

  async run(): Promise<void> {
    let next = performance.now();
    while (!this.stopped) {
      await this.change();
      next = Math.max(next + everyMs, performance.now());
      await new Promise((resolve) => setTimeout(resolve, next - performance.now()));
    }
  }

  stop(): void {
    this.stopped = true;
  }

  private async change(): Promise<void> {
    const wanted = 1 - this.current;
    const begun = performance.now();
    this.timeline.begin(wanted, begun);
    try {
      const parameters = { hostname: this.hostname, policygroupid: this.ids[wanted] ?? -1 };
      const answer = await askAdmin(this.gateway.adminPort, "runtime_set", parameters, undefined, timeoutMs);
      const now = performance.now();
      if (answer.code === 200) {
        this.done(wanted, now, answer.applied === undefined || answer.applied.done < answer.applied.of);
        this.tally.times.push(answer.milliseconds);
      } else if (answer.desc.includes("nothing was changed")) {
        this.timeline.refuse(wanted, begun, now);
        this.tally.refused++;
        this.because(`${answer.code} ${answer.desc}`);
      } else {
        this.tally.uncertain++;
        this.because(`${answer.code} ${answer.desc}`);
      }
    } catch (error) {
      this.tally.uncertain++;
      this.because(error instanceof Error ? error.message : String(error));
    }
  }

  private done(group: number, now: number, lags: boolean): void {
    this.timeline.confirm(group, lags ? now + lagMs : now);
    this.current = group;
    this.lastDone = now;
    this.tally.done++;
    this.tally.partly += lags ? 1 : 0;
  }

  private because(reason: string): void {
    const short = reason.replaceAll(/\/\S+/g, "…").slice(0, 110);
    this.tally.reasons.set(short, (this.tally.reasons.get(short) ?? 0) + 1);
  }
}
