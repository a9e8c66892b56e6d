import { actionMissing, actionUnknown, bodyNotJson, parameterInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { parseJson } from "../json/parse.ts";
import { hasControlCharacter } from "../json/utf8.ts";
import { field, isInteger, isObject, object } from "../json/value.ts";
import type { JsonObject, JsonValue } from "../json/value.ts";
import { lookup, sortedKeys } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { successAnswer } from "./answers.ts";
import type { Parameters } from "./parameters.ts";
import { upstreamInstructions } from "./upstream_changes.ts";
import type { Instruction } from "./upstream_changes.ts";

/** Bytes of a message. */
export const LONGEST_MESSAGE = 1048576;
const LONGEST_ID = 128;
const MOST_FIELDS = 50;

/** An instruction as it was published. */
export interface Published {
  /** Names the message, so that it may be repeated and is answered; "" for none. */
  readonly id: string;
  /** What it says of its action and upstream, whether there are such or not. */
  readonly subject: string;
  readonly asked: Result<AskedInstruction>;
}

export interface AskedInstruction {
  readonly action: string;
  readonly instruction: Instruction;
  readonly parameters: Parameters;
}

/** A value as it would stand in a query; undefined where it could not. */
function valueText(value: JsonValue | undefined): string | undefined {
  if (typeof value === "string") {
    return value;
  }
  if (typeof value === "number" || typeof value === "boolean") {
    return `${value}`;
  }
  return isInteger(value) ? value.digits : undefined;
}

function idOf(message: JsonObject): Result<string> {
  const value = field(message, "id");
  const id = value === undefined ? "" : valueText(value);
  if (id === undefined || id.length > LONGEST_ID || hasControlCharacter(id)) {
    return failure(parameterInvalid("id", `a text of up to ${LONGEST_ID} bytes or a number is expected`));
  }
  return success(id);
}

function readFields(message: JsonObject): Result<AskedInstruction> {
  if (message.keys.length > MOST_FIELDS) {
    return failure(parameterInvalid("(all)", `more than ${MOST_FIELDS} fields`));
  }
  const parameters: Parameters = lookup();
  for (let i = 0; i < message.keys.length; i++) {
    const name = message.keys[i]!;
    const text = valueText(message.values[i]);
    if (text === undefined) {
      return failure(parameterInvalid(name, "a text, a number, true or false is expected"));
    }
    parameters[name] = text;
  }
  const action = parameters["action"] ?? "";
  const instruction = upstreamInstructions[action];
  if (instruction === undefined) {
    return failure(action === "" ? actionMissing() : actionUnknown(action, sortedKeys(upstreamInstructions).join(", ")));
  }
  return success({ action, instruction, parameters });
}

/** Reads a message of the commands' channel: a JSON object with an action of /dyupsc_admin that changes, and its parameters. */
export function readPublished(text: string, pause: Pause): Published {
  const parsed = parseJson(text, pause);
  if (!parsed.ok) {
    return { id: "", subject: "", asked: failure(bodyNotJson(parsed.reason)) };
  }
  if (!isObject(parsed.value)) {
    return { id: "", subject: "", asked: failure(bodyNotJson("an object with an action and its parameters is expected")) };
  }
  const id = idOf(parsed.value);
  const subject = `${valueText(field(parsed.value, "action")) ?? ""} ${valueText(field(parsed.value, "upstream")) ?? ""}`;
  return id.ok ? { id: id.value, subject, asked: readFields(parsed.value) } : { id: "", subject, asked: id };
}

/** What is published as the answer to a message that has an id. */
export function replyAbout(id: string, done: Result<{ readonly detail: string; readonly revision: number }>): JsonObject {
  if (!done.ok) {
    return refusal(id, done.error);
  }
  const { keys, values } = successAnswer(done.value.detail, undefined);
  return object([["id", id], ...keys.map((key, i) => [key, values[i]] as const), ["revision", done.value.revision]]);
}

function refusal(id: string, error: GatewayError): JsonObject {
  return object([
    ["id", id],
    ["code", error.code],
    ["desc", error.desc],
  ]);
}
