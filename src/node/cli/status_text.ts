import type { NodeStatus } from "./node_status.ts";
import { printable } from "./printable.ts";
import { upstreamFacts, upstreamProblems } from "./upstream_status_text.ts";
import { wrapped } from "./wrap.ts";

/** What is wrong with a node, the worst first, each with what it means for the traffic or what to do. */
export function problemsOf(status: NodeStatus): string[] {
  return [...storeProblems(status), ...workerProblems(status), ...levelProblems(status), ...upstreamProblems(status), ...snapshotProblems(status)];
}

function storeProblems({ store, revision }: NodeStatus): string[] {
  const problem = printable(store.problem);
  if (!store.reachable) {
    return [
      `Redis cannot be reached: ${problem}`,
      `  traffic goes on as before, by revision ${revision}; changes are refused`,
    ];
  }
  if (store.lost) {
    return [
      `Redis has lost data: ${problem}`,
      `  traffic goes on as before, by revision ${revision}; changes are refused.`,
      "  Restore Redis' data; or, if what it holds now is right, accept the loss",
      "  with /ab_admin?action=store_accept",
    ];
  }
  if (problem !== "") return [`the node cannot follow Redis: ${problem}`];
  const behind = (store.revision ?? revision) - revision;
  return behind > 0 ? [`the node is ${behind} behind Redis (revision ${revision} of ${store.revision ?? "?"})`] : [];
}

function workerProblems({ workers, revision }: NodeStatus): string[] {
  const silent = workers.filter((worker) => !worker.alive);
  const late = workers.filter((worker) => worker.alive && worker.revision < revision);
  return [
    ...(workers.length === 0 ? ["no worker has reported; the error log of nginx says why"] : []),
    ...silent.map(({ id, pid, seen_ms_ago: since }) => `worker ${id} (pid ${pid}) has said nothing for ${duration(since)}`),
    ...late.map(({ id, pid, revision: own }) => `worker ${id} (pid ${pid}) is still at revision ${own} of ${revision}`),
    ...(workers.length > 0 && !workers.some((worker) => worker.leader) ? ["no worker is the leader that follows Redis"] : []),
  ];
}

function levelProblems({ broken, broken_levels: count }: NodeStatus): string[] {
  if (count === 0) return [];
  const lines = broken.map(({ hostname, level, policyid, divtype, reason }) => {
    const policy = policyid === null || policyid === "" ? "" : `, policy ${policyid}`;
    const type = divtype === "" ? "" : ` (${divtype})`;
    return `  ${printable(`${hostname} level ${level}${policy}${type}: ${reason}`)}`;
  });
  const rest = count - broken.length;
  const head = `${count} ${count === 1 ? "level is" : "levels are"} broken and skipped; the other levels decide`;
  return [head, ...lines, ...(rest > 0 ? [`  … and ${rest} more`] : [])];
}

function snapshotProblems({ snapshot }: NodeStatus): string[] {
  if (snapshot.problem === "") return [];
  return [`no snapshot for a restart without Redis: ${printable(snapshot.problem)}`];
}

/** The facts, after what is wrong. */
export function statusText(place: string, status: NodeStatus): string {
  const { revision, runtimes, store, workers, snapshot } = status;
  const problems = problemsOf(status);
  const count = problems.filter((line) => !line.startsWith(" ")).length;
  const head = count === 0 ? "all is well" : count === 1 ? "1 thing is wrong" : `${count} things are wrong`;
  const leader = workers.find((worker) => worker.leader);
  const current = workers.filter((worker) => worker.alive && worker.revision >= revision).length;
  const upstreams = upstreamFacts(status);
  const facts: [string, string][] = [
    ["gateway", place],
    ["revision", `${revision} here, ${store.revision ?? "unknown"} in Redis`],
    ["runtimes", `${runtimes}`],
    ...(upstreams === undefined ? [] : [["upstreams", upstreams] satisfies [string, string]]),
    ["workers", `${current} of ${workers.length} up to date${leader === undefined ? "" : `, worker ${leader.id} follows Redis`}`],
    ["Redis", `${store.reachable ? "reachable" : "NOT reachable"}, last in step ${ago(store.confirmed_ms_ago)}`],
    ["snapshot", snapshot.revision === null ? "none" : `revision ${snapshot.revision}, written ${ago(snapshot.age_ms)}`],
    ["direct writes", printable(store.direct_writes)],
  ];
  return [head, ...problems.map((line) => wrapped(`  ${line}`, 6)), "", ...facts.map(([name, fact]) => `${name.padEnd(15)}${fact}`)].join("\n");
}

const ago = (ms: number | null): string => (ms === null ? "never" : `${duration(ms)} ago`);

function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 120) return `${Math.round(minutes)} min`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.round(hours)} h` : `${Math.round(hours / 24)} days`;
}
