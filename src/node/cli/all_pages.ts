import { success, type Result } from "../../dygateway/core/result.ts";
import type { StoreWork } from "../../dygateway/core/store/command.ts";
import { MAX_PAGE, type Page } from "../../dygateway/core/store/policy_reads.ts";

/** The items of all pages, one page after the other. */
export function* allPages<T>(read: (from: number, count: number) => StoreWork<Result<Page<T>>>): StoreWork<Result<T[]>> {
  const items: T[] = [];
  let from: number | undefined = 0;
  while (from !== undefined) {
    const page: Result<Page<T>> = yield* read(from, MAX_PAGE);
    if (!page.ok) return page;
    items.push(...page.value.items);
    from = page.value.next;
  }
  return success(items);
}
