import { isDecimal } from "../decimal.ts";
import { errorInfo } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { jsonNull, object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { levelNames } from "../runtime/levels.ts";
import type { Trace } from "../runtime/explain.ts";
import type { StoredGroup } from "../store/group_changes.ts";
import type { ListedGroup, ListedPolicy, Page, ReadPolicy } from "../store/policy_reads.ts";
import type { StoredRuntime } from "../store/runtime_reads.ts";

/** The envelope of every answer of the admin interface. */
export function successAnswer(detail: string, data: JsonValue | undefined): JsonObject {
  return object([
    ["code", errorInfo.SUCCESS[0]],
    ["desc", errorInfo.SUCCESS[1] + detail],
    ["data", data],
  ]);
}

export function errorAnswer(error: GatewayError): JsonObject {
  return object([
    ["code", error.code],
    ["desc", error.desc],
  ]);
}

/** An id as a number, as clients know it; what somebody else put in its place as it is, and null for none. */
export function idValue(id: string): JsonValue {
  if (isDecimal(id)) {
    return Number(id);
  }
  return id === "" ? jsonNull : id;
}

function scores(pairs: readonly string[]): JsonObject {
  const keys: string[] = [];
  const values: JsonValue[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    keys.push(pairs[i]!);
    values.push(pairs[i + 1]!);
  }
  return { kind: "object", keys, values };
}

/** A policy as the predecessor answers it: a hash flat, field after value; a sorted set as member: score. */
export function policyAnswer(policy: ReadPolicy | undefined): JsonObject {
  if (policy === undefined) {
    return object([
      ["divtype", jsonNull],
      ["divdata", jsonNull],
    ]);
  }
  return object([
    ["divtype", policy.divtype],
    ["divdata", policy.storage === "zset" ? scores(policy.pairs) : policy.pairs],
    ["divdata_ipv6", policy.ipv6.length === 0 ? undefined : policy.ipv6.filter((_, i) => i % 2 === 0)],
    ["name", policy.meta.name],
    ["userinfo", policy.meta.userinfo],
    ["salt", policy.meta.salt],
  ]);
}

export function storedGroupAnswer(group: StoredGroup): JsonObject {
  return object([
    ["groupid", Number(group.groupId)],
    ["group", group.policyIds.map((id) => Number(id))],
  ]);
}

export function groupAnswer(groupId: string, policyIds: readonly string[], name: string | undefined): JsonObject {
  return object([
    ["groupid", Number(groupId)],
    ["group", [...policyIds]],
    ["name", name],
  ]);
}

export function runtimeAnswer(runtime: StoredRuntime | undefined): JsonObject {
  const levels = (runtime?.levels ?? []).map(
    (level, i) =>
      [
        levelNames[i]!,
        object([
          ["divModulename", level.divModulename],
          ["divDataKey", level.divDataKey],
          ["userInfoModulename", level.userInfoModulename],
        ]),
      ] as const,
  );
  return object([
    ["divsteps", runtime?.divsteps ?? 0],
    ["runtimegroup", object(levels)],
  ]);
}

function pageAnswer(name: string, items: JsonValue[], next: number | undefined): JsonObject {
  return object([
    [name, items],
    ["next", next],
  ]);
}

export function policyListAnswer(page: Page<ListedPolicy>): JsonObject {
  const items = page.items.map((policy) =>
    object([
      ["policyid", Number(policy.id)],
      ["divtype", policy.divtype],
      ["rules", policy.rules],
      ["name", policy.meta.name],
      ["userinfo", policy.meta.userinfo],
      ["salt", policy.meta.salt],
    ]),
  );
  return pageAnswer("policies", items, page.next);
}

export function groupListAnswer(page: Page<ListedGroup>): JsonObject {
  const items = page.items.map((group) =>
    object([
      ["groupid", Number(group.id)],
      ["group", [...group.policyIds]],
      ["name", group.name],
    ]),
  );
  return pageAnswer("policygroups", items, page.next);
}

/** @param policyIds of each level, in order. */
export function runtimeListAnswer(
  runtimes: readonly { readonly hostname: string; readonly policyIds: readonly string[] }[],
  next: number | undefined,
): JsonObject {
  const items = runtimes.map((runtime) =>
    object([
      ["hostname", runtime.hostname],
      ["divsteps", runtime.policyIds.length],
      ["policyids", [...runtime.policyIds]],
    ]),
  );
  return pageAnswer("runtimes", items, next);
}

/** What `explain` says of a request; `upstream` null means the location's own default. */
export function explainAnswer(hostname: string, trace: Trace | undefined): JsonObject {
  if (trace === undefined) {
    return object([
      ["hostname", hostname],
      ["upstream", jsonNull],
      ["why", `no runtime is in force for '${hostname}': the location's default upstream is used`],
      ["levels", []],
    ]);
  }
  const { decidedBy } = trace;
  const levels = trace.levels.map((level) =>
    object([
      ["level", level.number],
      ["policyid", idValue(level.policyId)],
      ["divtype", level.divtype],
      ["source", level.source],
      ["userinfo", level.userinfo ?? jsonNull],
      ["upstream", level.upstream ?? jsonNull],
      ["why", level.why],
    ]),
  );
  return object([
    ["hostname", hostname],
    ["upstream", trace.upstream ?? jsonNull],
    ["why", decidedBy === undefined ? "no level matches: the location's default upstream is used" : `level ${decidedBy}`],
    ["levels", levels],
  ]);
}
