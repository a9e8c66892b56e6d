import { integerText, MAX_EXACT_INTEGER } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { arrayLength, openArray } from "./value.ts";
import type { JsonValue } from "./value.ts";

const VALUES_A_SLICE = 256;

const shortEscapes: Lookup<string> = lookup();
shortEscapes['"'] = '\\"';
shortEscapes["\\"] = "\\\\";
shortEscapes["\b"] = "\\b";
shortEscapes["\f"] = "\\f";
shortEscapes["\n"] = "\\n";
shortEscapes["\r"] = "\\r";
shortEscapes["\t"] = "\\t";

const HEX = "0123456789abcdef";

function needsEscape(unit: number): boolean {
  return unit < 0x20 || unit === 0x22 || unit === 0x5c || unit === 0x7f;
}

export function printString(text: string): string {
  let printed = '"';
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (needsEscape(unit)) {
      const escape = shortEscapes[text.charAt(i)] ?? `\\u00${HEX.charAt(Math.floor(unit / 16))}${HEX.charAt(unit % 16)}`;
      printed += text.slice(start, i) + escape;
      start = i + 1;
    }
  }
  return `${printed}${text.slice(start)}"`;
}

/** Whole numbers keep all their digits, of which Lua's own conversion writes 14. */
function numberText(value: number): string {
  const size = Math.abs(value);
  const isLong = size >= 1e14 && size <= MAX_EXACT_INTEGER && Math.floor(value) === value;
  return isLong ? `${value < 0 ? "-" : ""}${integerText(size)}` : `${value}`;
}

/** What has been printed; `values` counts them, for the pauses. */
interface Printer {
  readonly parts: string[];
  readonly pause: Pause;
  values: number;
}

function printInto(printer: Printer, value: JsonValue): void {
  const { parts } = printer;
  printer.values++;
  if (printer.values % VALUES_A_SLICE === 0) {
    printer.pause();
  }
  if (typeof value === "string") {
    parts.push(printString(value));
  } else if (typeof value === "number") {
    parts.push(numberText(value));
  } else if (typeof value === "boolean") {
    parts.push(`${value}`);
  } else if (!("kind" in value) || value.kind === "list") {
    const next = openArray(value, printer.pause);
    parts.push("[");
    const count = arrayLength(value);
    for (let i = 0; i < count; i++) {
      if (i > 0) {
        parts.push(",");
      }
      printInto(printer, next());
    }
    parts.push("]");
  } else if (value.kind === "object") {
    parts.push("{");
    for (let i = 0; i < value.keys.length; i++) {
      parts.push(`${i > 0 ? "," : ""}${printString(value.keys[i]!)}:`);
      printInto(printer, value.values[i]!);
    }
    parts.push("}");
  } else {
    parts.push(value.kind === "integer" ? value.digits : "null");
  }
}

/** Compact JSON text; numbers must be finite and, to print alike in both runtimes, whole or of at most 14 digits. */
export function printJson(value: JsonValue, pause: Pause): string {
  const printer: Printer = { parts: [], pause, values: 0 };
  printInto(printer, value);
  return printer.parts.join("");
}
