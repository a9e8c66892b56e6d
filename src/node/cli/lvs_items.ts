import { readFileSync } from "node:fs";
import { problemLine } from "../config/problem.ts";
import type { PortDocument, RealServerDocument } from "../lvs/inventory/schema.ts";
import { readInventorySource } from "../lvs/inventory/source.ts";
import { CommandFailure } from "./terminal.ts";

/** A number of the command line as a number; anything else as it is, for the schema to refuse it in its words. */
export const numberOrText = (text: string): number => (/^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : (text as unknown as number));

/** `name` or `name=weight`. */
export function realServerDocument(text: string): RealServerDocument {
  const equals = text.indexOf("=");
  return equals < 0 ? text : { name: text.slice(0, equals), weight: numberOrText(text.slice(equals + 1)) };
}

/** `sport` or `sport:dport`, with what the options add. */
export function portDocument(text: string, more: Partial<PortDocument> = {}): PortDocument {
  const [sport = "", dport = sport, ...rest] = text.split(":");
  if (rest.length > 0) throw new CommandFailure(`${JSON.stringify(text)} is not a port: SPORT or SPORT:DPORT is expected`);
  return { sport: numberOrText(sport), dport: numberOrText(dport), ...more };
}

/** The text of a file, or of stdin for `-`. */
export function inputText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A value in a file, or the values where it holds a list; not yet checked. */
export function readItems(file: string): unknown[] {
  const read = readInventorySource(file, inputText(file));
  if (!read.ok) throw new CommandFailure(read.problems.map(problemLine).join("\n"));
  return Array.isArray(read.source.value) ? (read.source.value as unknown[]) : [read.source.value];
}
