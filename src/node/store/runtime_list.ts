import { success, type Result } from "../../dygateway/core/result.ts";
import { together, type StoreWork } from "../../dygateway/core/store/command.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";
import { listHostnames, readRuntime } from "../../dygateway/core/store/runtime_reads.ts";

export interface ListedRuntime {
  readonly hostname: string;
  /** Of each level, in order; where a level points at no policy, what it points at. */
  readonly policyIds: readonly string[];
}

const runtimesAStep = 50;

/** Every hostname that has a runtime, sorted, with its policies. One that is broken has none. */
export function* listRuntimes(keys: Keys): StoreWork<Result<ListedRuntime[]>> {
  const hostnames = yield* listHostnames(keys);
  if (!hostnames.ok) return hostnames;
  const listed: ListedRuntime[] = [];
  for (let start = 0; start < hostnames.value.length; start += runtimesAStep) {
    const page = hostnames.value.slice(start, start + runtimesAStep);
    const reads = yield* together(page.map((hostname) => readRuntime(keys, hostname)));
    for (const [i, hostname] of page.entries()) {
      const read = reads[i];
      const levels = read?.ok === true ? (read.value?.levels ?? []) : [];
      listed.push({ hostname, policyIds: levels.map((level) => keys.policyIdOf(level.divDataKey) ?? level.divDataKey) });
    }
  }
  return success(listed);
}
