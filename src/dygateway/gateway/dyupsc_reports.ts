import { pageOf } from "../core/admin/parameters.ts";
import { keepaliveNote, upstreamAnswer } from "../core/admin/upstream_answers.ts";
import { given } from "../core/admin/upstream_parameters.ts";
import { healthAnswer, upstreamStatus } from "../core/admin/upstream_status.ts";
import { object } from "../core/json/value.ts";
import type { JsonValue } from "../core/json/value.ts";
import { lookup, sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { failure, success } from "../core/result.ts";
import type { Result } from "../core/result.ts";
import type { Settings } from "../core/settings.ts";
import type { StoreWork } from "../core/store/command.ts";
import { listUpstreams, mergeUpstreams, readDefinition, readUpstream } from "../core/store/upstream_reads.ts";
import type { FoundUpstream } from "../core/store/upstream_reads.ts";
import { upstreamUnknown } from "../core/upstream/edit_errors.ts";
import type { Upstream } from "../core/upstream/model.ts";
import { removedBody } from "../core/upstream/stored.ts";
import type { ActionAnswer } from "./admin_action.ts";
import type { AdminContext } from "./admin_context.ts";
import { healthReport, nameReport } from "./health/health_report.ts";
import { knownHere } from "./local_reads.ts";
import type { Known } from "./local_reads.ts";
import type { Node } from "./node_settings.ts";
import { askWorkers } from "./peer_reports.ts";
import { readStore } from "./redis.ts";
import { readUpstream as readPublished, readUpstreamNames } from "./shared_upstreams.ts";
import { staticUpstreams } from "./static_upstreams.ts";

/** What this node has in force, for when the store cannot be asked. */
function localUpstreams(): FoundUpstream[] {
  const bodies: Lookup<string> = lookup();
  for (const name of readUpstreamNames()) {
    const published = readPublished(name);
    const body = published?.removed === true ? removedBody : published?.body;
    if (body !== undefined) {
      bodies[name] = body;
    }
  }
  return mergeUpstreams(bodies, staticUpstreams());
}

function* readOne(context: Node, name: string): StoreWork<Result<FoundUpstream[]>> {
  const found = yield* readUpstream(context.keys, staticUpstreams(), name);
  return found.ok ? success([found.value]) : found;
}

/** The definitions that an action is about: of the upstream that is named, else of all, sorted. */
export function upstreamsAsked(context: Node, name: string | undefined): Result<Known<FoundUpstream[]>> {
  const work = name === undefined ? listUpstreams(context.keys, staticUpstreams()) : readOne(context, name);
  const asked = knownHere(readStore(context.settings.redis, work), () => {
    const all = localUpstreams();
    return { held: true, value: name === undefined ? all : all.filter((found) => found.name === name) };
  });
  return asked.ok && name !== undefined && asked.value.value.length === 0 ? failure(upstreamUnknown(name)) : asked;
}

/** What is known of the peers that are checked, and of the servers that are names; undefined where there are none. */
function healthOf(name: string, upstream: Upstream): JsonValue | undefined {
  const checks = healthReport(name);
  const names = nameReport(upstream);
  const peers = sortedKeys(checks).map((address) => [address, healthAnswer(checks[address])] as const);
  const hosts = sortedKeys(names).map((host) => {
    const { addresses, problem } = names[host]!;
    return [host, object([["addresses", [...addresses]], ["problem", problem]])] as const;
  });
  if (upstream.check === undefined && hosts.length === 0) {
    return undefined;
  }
  return object([
    ["peers", upstream.check === undefined ? undefined : object(peers)],
    ["names", hosts.length === 0 ? undefined : object(hosts)],
  ]);
}

/** Empty where something else than the gateway chooses the servers. */
export function keepaliveNoteOf(settings: Settings): string {
  return settings.upstreams?.engine === "balancer" ? keepaliveNote : "";
}

/** The definition of an upstream, and what the active checks say of its peers. */
export function definitionOf(context: AdminContext, name: string): Result<ActionAnswer> {
  const asked = upstreamsAsked(context, name);
  if (!asked.ok) {
    return asked;
  }
  const found = asked.value.value[0]!;
  const definition = readDefinition(found, context.pause);
  if (!definition.ok) {
    return definition;
  }
  const data = upstreamAnswer(found, definition.value, healthOf(name, definition.value));
  const { timeout, requests } = definition.value.keepalive ?? {};
  const isNoted = found.source === "redis" && (timeout ?? requests) !== undefined;
  return success({ detail: `${asked.value.detail}${isNoted ? keepaliveNoteOf(context.settings) : ""}`, data });
}

/** What every worker of this node counts for the peers of an upstream, or of a page of them. */
export function reportStatus(context: AdminContext): Result<ActionAnswer> {
  const page = pageOf(context.parameters.once);
  if (!page.ok) {
    return page;
  }
  const asked = upstreamsAsked(context, given(context.parameters.once, "upstream"));
  if (!asked.ok) {
    return asked;
  }
  const all = asked.value.value;
  const end = Math.min(page.value.from + page.value.count, all.length);
  const found = all.slice(page.value.from, end);
  const answers = askWorkers(found.map(({ name }) => name), context.pause);
  const upstreams = found.map(({ name, source }) => {
    context.pause();
    return [name, upstreamStatus(name, source, answers, healthReport(name))] as const;
  });
  const workers = answers.map(({ id, pid, revision }) => object([["id", id], ["pid", pid], ["revision", revision]]));
  const data = object([
    ["workers", workers],
    ["upstreams", object(upstreams)],
    ["next", end < all.length ? end : undefined],
  ]);
  return success({ detail: asked.value.detail, data });
}
