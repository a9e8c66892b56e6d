import { jsonNull, object } from "../core/json/value.ts";
import type { JsonObject, JsonValue } from "../core/json/value.ts";
import { lookup, sortedKeys, textSet } from "../core/lookup.ts";
import { clashingNames } from "../core/upstream/name.ts";
import { dyupsStatus } from "./dyups_report.ts";
import { thisNode } from "./node_settings.ts";
import { readConfReport, readUpstreamsProblem } from "./shared_upstreams.ts";
import { brokenUpstreams, mayClash, upstreamsInForce } from "./upstreams.ts";

/** Broken upstreams that are listed one by one; all of them are counted. */
const MAX_LISTED = 100;

function confStatus(): JsonValue {
  const { conf = "", writtenBy = "workers" } = thisNode().settings.upstreams ?? {};
  if (conf === "") {
    return jsonNull;
  }
  if (writtenBy === "operator") {
    return object([["path", conf], ["written_by", writtenBy], ["revision", jsonNull], ["problem", ""]]);
  }
  const report = readConfReport();
  return object([
    ["path", conf],
    ["written_by", writtenBy],
    ["revision", report === undefined || report.revision < 0 ? jsonNull : report.revision],
    ["problem", report?.problem ?? "not written yet"],
  ]);
}

/** What `status` says of dynamic upstreams; null where they are not set up. */
export function upstreamsStatus(): JsonValue {
  const { upstreams: settings } = thisNode().settings;
  if (settings === undefined) {
    return jsonNull;
  }
  const live = upstreamsInForce();
  const broken = brokenUpstreams();
  const listed: JsonObject[] = [];
  const served = Object.keys(live).filter((name) => live[name]!.balancer !== undefined);
  const clashing = mayClash() ? clashingNames(served) : lookup<string>();
  const names = sortedKeys(textSet([Object.keys(broken), Object.keys(clashing)]));
  for (const name of names.slice(0, MAX_LISTED)) {
    const isServed = live[name]?.balancer !== undefined;
    const reason = broken[name] ?? `it differs from '${clashing[name]!}' only in case, so it cannot stand in upstream.conf`;
    listed.push(object([["name", name], ["last_good_served", isServed], ["reason", reason]]));
  }
  return object([
    ["engine", settings.engine],
    ["count", served.length],
    ["problem", readUpstreamsProblem()],
    ["broken_count", names.length],
    ["broken", listed],
    ["conf", confStatus()],
    ["dyups", dyupsStatus()],
  ]);
}
