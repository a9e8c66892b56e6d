import { randomBytes } from "node:crypto";
import type { Job, JobEvent, JobKind, WorkEnd } from "./job.ts";
import type { JobStore } from "./job_store.ts";

/** What a piece of work is given. */
export interface WorkSite {
  /** Aborted when somebody ends the job: the work stops where it leaves nothing half done. */
  readonly signal: AbortSignal;
  readonly emit: (event: string, data: unknown) => void;
}

export interface JobStart {
  readonly kind: JobKind;
  readonly cluster: string;
  readonly by: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly work: (site: WorkSite) => Promise<WorkEnd>;
}

export type Started =
  | { readonly kind: "started"; readonly job: Job }
  | { readonly kind: "busy"; readonly job: Job }
  | { readonly kind: "closing" };

interface Running {
  job: Job;
  readonly abort: AbortController;
  events: number;
  readonly listeners: Set<(event: JobEvent) => void>;
  ended: Promise<void>;
}

/** Events of one job that are kept; a job has a few for each load balancer. */
const mostEvents = 20_000;

/** Runs jobs, one a cluster at a time. */
export class JobRunner {
  readonly #store: JobStore;
  readonly #kept: number;
  readonly #log: (line: string) => void;
  readonly #running = new Map<string, Running>();
  #isClosing = false;

  /** Whatever was running when the service last ended is interrupted: nothing of it goes on. */
  constructor(store: JobStore, kept: number, log: (line: string) => void) {
    this.#store = store;
    this.#kept = kept;
    this.#log = log;
    for (const id of store.ids()) {
      const job = store.read(id);
      if (job?.state !== "running") continue;
      const detail = "the service ended in the middle of it; each load balancer is on its old or its new release";
      store.save({ ...job, state: "interrupted", ended: new Date().toISOString(), detail });
      log(`job ${id} (${job.kind} of ${job.cluster}) was interrupted`);
    }
  }

  start({ kind, cluster, by, request, work }: JobStart): Started {
    if (this.#isClosing) return { kind: "closing" };
    const other = [...this.#running.values()].find((running) => running.job.cluster === cluster);
    if (other !== undefined) return { kind: "busy", job: other.job };
    const now = Date.now();
    const id = `${String(now).padStart(13, "0")}-${randomBytes(4).toString("hex")}`;
    const started = new Date(now).toISOString();
    const job: Job = { id, kind, cluster, by, state: "running", started, ended: null, request: { ...request }, result: null, detail: "" };
    this.#store.save(job);
    const running: Running = { job, abort: new AbortController(), events: 0, listeners: new Set(), ended: Promise.resolve() };
    this.#running.set(id, running);
    running.ended = this.#run(running, work);
    return { kind: "started", job };
  }

  async #run(running: Running, work: JobStart["work"]): Promise<void> {
    let isTold = false;
    const emit = (event: string, data: unknown): void => {
      if (running.events >= mostEvents) return;
      try {
        this.#emit(running, event, data);
      } catch (error) {
        // A full disk here is no reason to leave load balancers half done.
        if (!isTold) this.#log(`job ${running.job.id}: its progress cannot be recorded: ${error instanceof Error ? error.message : String(error)}`);
        isTold = true;
      }
    };
    let end: WorkEnd;
    try {
      end = await work({ signal: running.abort.signal, emit });
    } catch (error) {
      this.#log(error instanceof Error ? (error.stack ?? error.message) : String(error));
      end = { state: "failed", detail: "a defect of dygateway manager; its log says more", result: null };
    }
    running.job = { ...running.job, ...end, ended: new Date().toISOString() };
    try {
      this.#emit(running, "end", { state: end.state, detail: end.detail });
      this.#store.save(running.job);
    } catch (error) {
      this.#log(`job ${running.job.id} cannot be recorded: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#running.delete(running.job.id);
    for (const id of this.#store.ids().slice(this.#kept)) if (!this.#running.has(id)) this.#store.remove(id);
  }

  #emit(running: Running, event: string, data: unknown): void {
    running.events += 1;
    const record: JobEvent = { id: running.events, time: new Date().toISOString(), event, data };
    this.#store.append(running.job.id, record);
    for (const listener of running.listeners) listener(record);
  }

  /** The newest first. */
  list(most: number): Job[] {
    return this.#store.ids().slice(0, most).flatMap((id) => this.get(id) ?? []);
  }

  get(id: string): Job | undefined {
    return this.#running.get(id)?.job ?? this.#store.read(id);
  }

  /** Tells every event after `after`, those to come too. Returns how to stop; `onEnd` is called after the last. */
  follow(id: string, after: number, onEvent: (event: JobEvent) => void, onEnd: () => void): () => void {
    for (const event of this.#store.events(id, after)) onEvent(event);
    const running = this.#running.get(id);
    if (running === undefined) {
      onEnd();
      return () => undefined;
    }
    const listener = (event: JobEvent): void => {
      onEvent(event);
      if (event.event === "end") onEnd();
    };
    running.listeners.add(listener);
    return () => running.listeners.delete(listener);
  }

  /** Returns whether it was running. It ends where it leaves nothing half done. */
  abort(id: string): boolean {
    const running = this.#running.get(id);
    running?.abort.abort();
    return running !== undefined;
  }

  /**
   * Takes no new jobs and waits for the running ones; what runs longer is aborted and given the time it needs to leave
   * nothing half done.
   */
  async close(patienceMs: number, hurry: AbortSignal): Promise<void> {
    this.#isClosing = true;
    const all = Promise.all([...this.#running.values()].map(({ ended }) => ended));
    let timer: NodeJS.Timeout | undefined;
    const outOfPatience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, hurry.aborted ? 0 : patienceMs);
      hurry.addEventListener("abort", () => resolve());
    });
    await Promise.race([all, outOfPatience]);
    clearTimeout(timer);
    for (const { abort } of this.#running.values()) abort.abort();
    await all;
  }
}
