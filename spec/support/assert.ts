// Assertions for the specs that run in Node and, compiled to Lua, under busted: they use nothing but the language.

/** Fails the test that calls it. */
export function fail(message: string): never {
  throw new Error(message);
}

/** Code units that cannot be read in a report, by their number. */
function readable(text: string): string {
  let shown = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    shown += unit < 0x20 || unit > 0x7e ? `<${unit}>` : text.charAt(i);
  }
  return shown;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

function keysOf(value: unknown): string[] {
  return Object.keys(value as Record<string, unknown>);
}

function fieldOf(value: unknown, key: string): unknown {
  return (value as Record<string, unknown>)[key];
}

const MOST_SHOWN = 400;

/** A value for a failure's message; not for parsing. */
export function show(value: unknown): string {
  if (isNothing(value)) {
    return "nothing";
  }
  if (typeof value === "string") {
    return `"${readable(value)}"`;
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return `${value}`;
  }
  if (typeof value !== "object") {
    return typeof value;
  }
  const parts: string[] = [];
  for (const key of keysOf(value)) {
    parts.push(`${key}: ${show(fieldOf(value, key))}`);
  }
  parts.sort();
  const text = `{${parts.join(", ")}}`;
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

/** Where two values differ first, or undefined. A field that is undefined is one that is not there: so it is in Lua. */
function difference(actual: unknown, expected: unknown, path: string): string | undefined {
  if (actual === expected || (isNothing(actual) && isNothing(expected))) {
    return undefined;
  }
  const areTables = typeof actual === "object" && typeof expected === "object";
  if (!areTables || isNothing(actual) || isNothing(expected)) {
    const areNumbers = typeof actual === "number" && typeof expected === "number";
    const areNaN = areNumbers && Number.isNaN(actual) && Number.isNaN(expected);
    return areNaN ? undefined : `${path === "" ? "" : `at ${path}: `}expected ${show(expected)}, got ${show(actual)}`;
  }
  for (const key of keysOf(expected)) {
    const found = difference(fieldOf(actual, key), fieldOf(expected, key), `${path}.${key}`);
    if (found !== undefined) {
      return found;
    }
  }
  for (const key of keysOf(actual)) {
    if (isNothing(fieldOf(expected, key)) && !isNothing(fieldOf(actual, key))) {
      return `at ${path}.${key}: expected nothing, got ${show(fieldOf(actual, key))}`;
    }
  }
  return undefined;
}

/** Deep equality. @param what names the value where a test compares several. */
export function equal(actual: unknown, expected: unknown, what = ""): void {
  const found = difference(actual, expected, "");
  if (found !== undefined) {
    fail(`${what === "" ? "" : `${what}: `}${found}`);
  }
}

/** @param what says what should be so. */
export function isTrue(condition: boolean, what: string): void {
  if (!condition) {
    fail(what);
  }
}

export function contains(text: string | undefined, part: string): void {
  if (text === undefined || text.indexOf(part) < 0) {
    fail(`expected a text with ${show(part)}, got ${show(text)}`);
  }
}

/** The value, which must be there. */
export function defined<T>(value: T | undefined, what: string): T {
  return value ?? fail(`${what} is missing`);
}

/** Fails unless `body` throws an error whose message has `part` in it. */
export function throws(body: (this: void) => void, part: string): void {
  let message: string | undefined;
  try {
    body();
  } catch (error) {
    message = error instanceof Error ? error.message : show(error);
  }
  contains(message, part);
}
