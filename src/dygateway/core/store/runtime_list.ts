import { success } from "../result.ts";
import type { Result } from "../result.ts";
import { together } from "./command.ts";
import type { StoreWork } from "./command.ts";
import type { Keys } from "./keys.ts";
import type { Page } from "./policy_reads.ts";
import { listHostnames, readRuntime } from "./runtime_reads.ts";

export interface ListedRuntime {
  readonly hostname: string;
  /** Of each level, in order; where a level points at no policy, what it points at. */
  readonly policyIds: readonly string[];
}

const RUNTIMES_A_STEP = 50;

/**
 * Hostnames that have a runtime, sorted, with their policies; one that is broken has none.
 *
 * @param from the place in the list to start at. @param count the most that are listed.
 */
export function* listRuntimes(keys: Keys, from: number, count: number): StoreWork<Result<Page<ListedRuntime>>> {
  const hostnames = yield* listHostnames(keys);
  if (!hostnames.ok) {
    return hostnames;
  }
  const end = Math.min(from + count, hostnames.value.length);
  const items: ListedRuntime[] = [];
  for (let start = from; start < end; start += RUNTIMES_A_STEP) {
    const page = hostnames.value.slice(start, Math.min(start + RUNTIMES_A_STEP, end));
    const reads = yield* together(page.map((hostname) => readRuntime(keys, hostname)));
    for (let i = 0; i < page.length; i++) {
      const read = reads[i];
      const levels = read?.ok === true ? (read.value?.levels ?? []) : [];
      const policyIds = levels.map((level) => keys.policyIdOf(level.divDataKey) ?? level.divDataKey);
      items.push({ hostname: page[i]!, policyIds });
    }
  }
  return success({ items, next: end < hostnames.value.length ? end : undefined });
}
