/** No cluster is as deep; what is deeper is refused where it stands, and need not be gone through to its end. */
const maxDepth = 16;

/** Is a value as JSON would give it: without keys that hold undefined, and not too deep to go through? */
function isJson(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return value !== undefined || depth === 0;
  if (depth > maxDepth) return false;
  for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    if (!isJson(part, depth + 1)) return false;
  }
  return true;
}

/** A copy as JSON would give it; what is too deep is null there, which no rule takes. */
export function jsonCopy(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > maxDepth) return null;
  if (Array.isArray(value)) return (value as unknown[]).map((part) => (part === undefined ? null : jsonCopy(part, depth + 1)));
  const parts = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(parts.map(([key, part]) => [key, jsonCopy(part, depth + 1)]));
}

/** The value itself where it is as JSON would give it, else such a copy. */
export const asJson = (value: unknown): unknown => (isJson(value, 0) ? value : jsonCopy(value));
