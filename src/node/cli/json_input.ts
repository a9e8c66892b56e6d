import { readFileSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { bodyMissing, bodyNotJson } from "../../dygateway/core/errors.ts";
import { parseJson } from "../../dygateway/core/json/parse.ts";
import type { JsonValue } from "../../dygateway/core/json/value.ts";
import { failure, noPause, success, type Result } from "../../dygateway/core/result.ts";
import { CommandFailure } from "./terminal.ts";

/** The bytes of a file or, for `-`, of stdin. */
export async function bytesOf(file: string): Promise<Buffer> {
  if (file === "-") return buffer(process.stdin);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads JSON from a file or, for `-`, from stdin, with the gateway's own parser, so that the verdict is the gateway's. */
export async function readJsonInput(file: string): Promise<Result<JsonValue>> {
  const bytes = await bytesOf(file);
  if (bytes.length === 0) return failure(bodyMissing());
  let text: string;
  try {
    // A byte order mark is kept: the gateway does not take one for JSON either.
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return failure(bodyNotJson("it is not UTF-8"));
  }
  const parsed = parseJson(text, noPause);
  return parsed.ok ? success(parsed.value) : failure(bodyNotJson(parsed.reason));
}
