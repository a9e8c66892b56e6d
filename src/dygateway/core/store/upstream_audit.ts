import { shortened } from "../json/utf8.ts";
import { textSet } from "../lookup.ts";

/** Bytes of a definition that the audit stream keeps: a thousand servers with every change would be most of Redis. */
const MOST_KEPT = 4000;

/** The statements of a canonical body. */
function statements(body: string): string[] {
  return body
    .split(";")
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "");
}

function without(body: string, other: string): string {
  const known = textSet([statements(other)]);
  return statements(body)
    .filter((statement) => known[statement] !== true)
    .map((statement) => `${statement};`)
    .join(" ");
}

/**
 * What the audit stream says of two definitions: of a change, the statements that are in only one of the two, in full
 * where they differ in their order alone; of an upstream that came or went, all of it.
 */
export function auditTexts(before: string, after: string): { readonly before: string; readonly after: string } {
  const gone = after === "" ? before : without(before, after);
  const come = before === "" ? after : without(after, before);
  const isReordered = gone === "" && come === "";
  return {
    before: shortened(isReordered ? before : gone, MOST_KEPT),
    after: shortened(isReordered ? after : come, MOST_KEPT),
  };
}
