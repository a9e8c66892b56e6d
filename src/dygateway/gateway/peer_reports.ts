import type { PeerNumbers, WorkerAnswer, WorkerUpstream } from "../core/admin/upstream_status.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import type { Balancer } from "../core/upstream/balancer.ts";
import { printUpstreamBody } from "../core/upstream/print.ts";
import { cjson, dict } from "./platform.ts";
import { readJson } from "./shared_dict.ts";
import { readWorkerReports } from "./shared_reports.ts";
import { liveUpstream } from "./upstreams.ts";

/**
 * Questions about peers, which only the workers that balance them can answer. Nothing is counted in common while nobody
 * asks: each worker looks for questions from its timer, and answers for itself.
 *
 *   ask            the number of the last question
 *   ask:<n>        the upstreams it is about
 *   ask:<n>:<id>:<i>   what worker <id> says of the i-th of them; one by one, as many thousands of peers at once would
 *                      keep a worker from its requests
 *   ask:<n>:<id>       that it has said all, and who it is
 */
const LIFETIME_SECONDS = 10;
/** A worker that has not said anything for so long is not waited for. */
const ALIVE_SECONDS = 1;
const WAIT_SECONDS = 1;
const LOOK_SECONDS = 0.005;
/** Questions that a worker goes back to when it begins. */
const MOST_BEHIND = 100;

type Answerer = Omit<WorkerAnswer, "upstreams">;

/** The last question that this worker has looked at; -1 before its first. */
let answeredUpTo = -1;

function numbersOf(balancer: Balancer, pause: Pause): WorkerUpstream {
  const now = ngx.time();
  balancer.settle(now);
  const peers: PeerNumbers[] = [];
  for (const peer of balancer.peers) {
    const { conns, fails, open } = balancer.state(peer, now);
    const { address, server, requests, failures } = peer;
    peers.push({ address, server: server.address, backup: server.backup, requests, failures, conns, fails, open });
  }
  pause();
  const digest = `${ngx.crc32_long(printUpstreamBody(balancer.upstream, pause))}`;
  return { digest, panics: balancer.panics(), peers };
}

function answer(question: number, pause: Pause): void {
  const names = readJson(`ask:${question}`) as string[] | undefined;
  const id = ngx.worker.id();
  if (names === undefined || id === undefined) {
    return;
  }
  for (let i = 0; i < names.length; i++) {
    const balancer = liveUpstream(names[i]!)?.balancer;
    if (balancer !== undefined) {
      const numbers = numbersOf(balancer, pause);
      dict().safe_set(`ask:${question}:${id}:${i}`, cjson.encode(numbers)[0] ?? "", LIFETIME_SECONDS);
      pause();
    }
  }
  const inForce = readWorkerReports().find((report) => report.id === id);
  const own: Answerer = { id, pid: ngx.worker.pid(), revision: inForce?.revision ?? 0 };
  dict().safe_set(`ask:${question}:${id}`, cjson.encode(own)[0] ?? "", LIFETIME_SECONDS);
}

/** The number of the last question that was asked; 0 before the first. */
function lastQuestion(): number {
  const [last] = dict().get("ask");
  return typeof last === "number" ? last : 0;
}

/** Whether this worker has not looked at a question yet. */
export function isAsked(): boolean {
  return lastQuestion() > answeredUpTo;
}

/** Called many times a second. */
export function answerQuestions(pause: Pause): void {
  const last = lastQuestion();
  if (last <= answeredUpTo) {
    return;
  }
  const first = Math.max(answeredUpTo + 1, last - MOST_BEHIND);
  answeredUpTo = last;
  for (let question = first; question <= last; question++) {
    answer(question, pause);
  }
}

function aliveWorkers(): number[] {
  const alive: number[] = [];
  for (const report of readWorkerReports()) {
    if (ngx.now() - report.time < ALIVE_SECONDS) {
      alive.push(report.id);
    }
  }
  return alive;
}

/** Publishes a question whole: its number is not announced before it is there. @returns its key. */
function ask(names: readonly string[]): string | undefined {
  const text = cjson.encode(names)[0] ?? "[]";
  const [before] = dict().get("ask");
  const first = (typeof before === "number" ? before : 0) + 1;
  for (let question = first; question < first + MOST_BEHIND; question++) {
    const key = `ask:${question}`;
    const [added, reason] = dict().safe_add(key, text, LIFETIME_SECONDS);
    if (added) {
      const [last] = dict().get("ask");
      if (!(typeof last === "number" && last >= question)) {
        dict().safe_set("ask", question);
      }
      return key;
    }
    if (reason !== "exists") {
      return undefined;
    }
  }
  return undefined;
}

/** Takes a worker's answer out of the shared dict; undefined where it has not said all. */
function takeAnswer(key: string, id: number, names: readonly string[], pause: Pause): WorkerAnswer | undefined {
  const own = readJson(`${key}:${id}`) as Answerer | undefined;
  if (own === undefined) {
    return undefined;
  }
  const upstreams: Lookup<WorkerUpstream> = lookup();
  for (let i = 0; i < names.length; i++) {
    const part = `${key}:${id}:${i}`;
    const numbers = readJson(part) as WorkerUpstream | undefined;
    if (numbers !== undefined) {
      upstreams[names[i]!] = numbers;
      dict().delete(part);
    }
    pause();
  }
  return { ...own, upstreams };
}

/**
 * Asks every worker of this node for its numbers, and waits for those that are alive, which takes as long as their
 * timers do. One that is busy with something large may be missing.
 */
export function askWorkers(names: readonly string[], pause: Pause): WorkerAnswer[] {
  const key = ask(names);
  if (key === undefined) {
    return [];
  }
  const waiting = aliveWorkers();
  const until = ngx.now() + WAIT_SECONDS;
  const isAnswered = (id: number): boolean => dict().get(`${key}:${id}`)[0] !== undefined;
  while (ngx.now() < until && !waiting.every((id) => isAnswered(id))) {
    ngx.sleep(LOOK_SECONDS);
  }
  const answers: WorkerAnswer[] = [];
  for (const id of waiting) {
    const own = takeAnswer(key, id, names, pause);
    if (own !== undefined) {
      answers.push(own);
    }
  }
  return answers;
}
