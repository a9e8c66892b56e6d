import { explainAnswer, idValue, runtimeListAnswer } from "../core/admin/answers.ts";
import { hostnameOf, pageOf } from "../core/admin/parameters.ts";
import { luaFailed } from "../core/errors.ts";
import { jsonNull, object } from "../core/json/value.ts";
import type { JsonObject, JsonValue } from "../core/json/value.ts";
import { failure, success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import { explain } from "../core/runtime/explain.ts";
import type { Trace } from "../core/runtime/explain.ts";
import { counterReply } from "../core/store/command.ts";
import type { StoreWork } from "../core/store/command.ts";
import type { Keys } from "../core/store/keys.ts";
import { listRuntimes } from "../core/store/runtime_list.ts";
import { describedRequest } from "../core/userinfo/described_request.ts";
import type { ActionAnswer } from "./admin_action.ts";
import type { AdminContext } from "./admin_context.ts";
import { raisedText } from "./foreign.ts";
import { leaderPid } from "./leader.ts";
import { readStore } from "./redis.ts";
import { readSnapshotReport, readStoreReport, readWorkerReports } from "./shared_reports.ts";
import { readHostnames, readPosition, readSeq } from "./shared_state.ts";
import { inForce, runtimeOf } from "./snapshot.ts";
import { upstreamsStatus } from "./upstream_report.ts";

const ALIVE_SECONDS = 1;
/** Broken levels that are listed one by one; all of them are counted. */
const MAX_LISTED = 100;

function milliseconds(since: number): number {
  const passed = math.floor((ngx.now() - since) * 1000);
  return passed < 0 ? 0 : passed;
}

function* storeRevision(keys: Keys): StoreWork<Result<number>> {
  const [reply] = yield [["GET", keys.revision]];
  const revision = counterReply(reply);
  return success(revision < 0 ? 0 : revision);
}

function workers(): JsonValue[] {
  const leader = leaderPid();
  return readWorkerReports().map((report) =>
    object([
      ["id", report.id],
      ["pid", report.pid],
      ["revision", report.revision],
      ["alive", ngx.now() - report.time < ALIVE_SECONDS],
      ["seen_ms_ago", milliseconds(report.time)],
      ["leader", report.pid === leader],
      ["broken_levels", report.brokenLevels],
    ]),
  );
}

function brokenLevels(): { readonly count: number; readonly listed: JsonValue[] } {
  const listed: JsonValue[] = [];
  let count = 0;
  const runtimes = inForce();
  for (const hostname of Object.keys(runtimes)) {
    for (const level of runtimes[hostname]!.broken) {
      count++;
      if (listed.length < MAX_LISTED) {
        listed.push(
          object([
            ["hostname", hostname],
            ["level", level.number],
            ["policyid", idValue(level.policyId)],
            ["divtype", level.divtype],
            ["reason", level.reason],
          ]),
        );
      }
    }
  }
  return { count, listed };
}

function storeStatus(revision: Result<number>): JsonObject {
  const report = readStoreReport();
  const problem = revision.ok ? (report?.problem ?? "not read yet") : revision.error.desc;
  return object([
    ["reachable", revision.ok],
    ["revision", revision.ok ? revision.value : jsonNull],
    ["lost", report?.lost === true],
    ["direct_writes", report?.tracking === true ? "announced" : "looked for every few seconds"],
    ["confirmed_ms_ago", report === undefined || report.confirmed === 0 ? jsonNull : milliseconds(report.confirmed)],
    ["problem", problem],
  ]);
}

function snapshotStatus(): JsonObject {
  const report = readSnapshotReport();
  return object([
    ["revision", report === undefined || report.revision < 0 ? jsonNull : report.revision],
    ["current", report?.seq === readSeq()],
    ["age_ms", report === undefined ? jsonNull : milliseconds(report.time)],
    ["problem", report?.problem ?? "not written yet"],
  ]);
}

/** How far the store, this node and each of its workers are, and what is wrong with any of them. */
export function nodeStatus(context: AdminContext): Result<ActionAnswer> {
  // Asking Redis takes time, in which a step may be published. What is confirmed is published by then: a node that was
  // read before would have nothing, and its workers would seem to be as far.
  const store = storeStatus(readStore(context.settings.redis, storeRevision(context.keys)));
  const { revision } = readPosition();
  const broken = brokenLevels();
  const data = object([
    ["revision", revision],
    ["runtimes", readHostnames().length],
    ["store", store],
    ["workers", workers()],
    ["snapshot", snapshotStatus()],
    ["upstreams", upstreamsStatus()],
    ["broken_levels", broken.count],
    ["broken", broken.listed],
  ]);
  return success({ detail: "", data });
}

/** What would become of a request: each level's userinfo, the rule it hits or why none, and the upstream. */
export function explainRequest(context: AdminContext): Result<ActionAnswer> {
  const { once, many } = context.parameters;
  const hostname = hostnameOf(once);
  if (!hostname.ok) {
    return hostname;
  }
  const request = describedRequest({
    uid: once["uid"],
    ip: once["ip"],
    city: once["city"],
    uri: once["uri"],
    userinfo: once["userinfo"],
    headers: many("header"),
    cookies: many("cookie"),
    args: many("arg"),
  });
  if (!request.ok) {
    return request;
  }
  const runtime = runtimeOf(hostname.value);
  let trace: Trace | undefined;
  if (runtime !== undefined) {
    const [explained, outcome] = pcall(explain, runtime, request.value);
    if (!explained) {
      return failure(luaFailed(`explaining '${hostname.value}'`, raisedText(outcome)));
    }
    trace = outcome;
  }
  return success({ detail: "", data: explainAnswer(hostname.value, trace) });
}

/** Every hostname that has a runtime, and the policies it uses. */
export function reportRuntimes(context: AdminContext): Result<ActionAnswer> {
  const page = pageOf(context.parameters.once);
  if (!page.ok) {
    return page;
  }
  const read = readStore(context.settings.redis, listRuntimes(context.keys, page.value.from, page.value.count));
  return read.ok ? success({ detail: "", data: runtimeListAnswer(read.value.items, read.value.next) }) : read;
}
