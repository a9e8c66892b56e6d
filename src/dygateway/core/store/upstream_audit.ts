import { shortened } from "../json/utf8.ts";
import { textSet } from "../lookup.ts";
import type { Pause } from "../result.ts";

/** Bytes of a definition that the audit stream keeps: a thousand servers with every change would be most of Redis. */
const MOST_KEPT = 4000;

/** The statements of a canonical body. */
function statements(body: string, pause: Pause): string[] {
  const found: string[] = [];
  for (const part of body.split(";")) {
    pause();
    const statement = part.trim();
    if (statement !== "") {
      found.push(statement);
    }
  }
  return found;
}

function without(some: readonly string[], others: readonly string[]): string {
  const known = textSet([others]);
  return some
    .filter((statement) => known[statement] !== true)
    .map((statement) => `${statement};`)
    .join(" ");
}

/**
 * What the audit stream says of two definitions: of a change, the statements that are in only one of the two, in full
 * where they differ in their order alone; of an upstream that came or went, all of it.
 */
export function auditTexts(
  before: string,
  after: string,
  pause: Pause,
): { readonly before: string; readonly after: string } {
  const earlier = statements(before, pause);
  const later = statements(after, pause);
  const gone = after === "" ? before : without(earlier, later);
  const come = before === "" ? after : without(later, earlier);
  const isReordered = gone === "" && come === "";
  return {
    before: shortened(isReordered ? before : gone, MOST_KEPT),
    after: shortened(isReordered ? after : come, MOST_KEPT),
  };
}
