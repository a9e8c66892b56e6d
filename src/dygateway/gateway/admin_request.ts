import { bodyMissing, bodyNotJson, bodyTooLarge, bodyUnreadable, parameterInvalid } from "../core/errors.ts";
import { byteText, writableByteText } from "../core/byte_text.ts";
import type { ByteText } from "../core/byte_text.ts";
import { parseLongJson } from "../core/json/parse.ts";
import type { JsonValue } from "../core/json/value.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Parameters } from "../core/admin/parameters.ts";
import { failure, success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";

const MAX_PARAMETERS = 100;
const READ_BYTES = 65536;

export interface AdminParameters {
  readonly once: Parameters;
  /** Parameters that may stand more than once: header, cookie, arg of `explain`. */
  readonly many: (this: void, name: string) => readonly string[];
}

const repeatable = ["header", "cookie", "arg"];

/** The query's parameters; one that may stand once and stands twice is refused, since only one of the two would count. */
export function readParameters(): Result<AdminParameters> {
  const [args, truncated] = ngx.req.get_uri_args(MAX_PARAMETERS);
  if (truncated === "truncated") {
    return failure(parameterInvalid("(all)", `more than ${MAX_PARAMETERS} parameters`));
  }
  const once: Parameters = lookup();
  const many: Lookup<string[]> = lookup();
  for (const name of Object.keys(args)) {
    const value = args[name]!;
    const values = typeof value === "object" ? value : [value];
    const texts = values.map((item) => (typeof item === "string" ? item : ""));
    if (repeatable.includes(name)) {
      many[name] = texts;
    } else if (texts.length > 1) {
      return failure(parameterInvalid(name, "it stands more than once"));
    } else {
      once[name] = texts[0]!;
    }
  }
  return success({ once, many: (name) => many[name] ?? [] });
}

function readFile(path: string, maxBytes: number, pause: Pause): Result<ByteText> {
  const [file, reason] = io.open(path, "rb");
  if (file === undefined) {
    return failure(bodyUnreadable(reason));
  }
  const [size] = file.seek("end");
  if (size === undefined || size > maxBytes) {
    file.close();
    return failure(size === undefined ? bodyUnreadable("its end") : bodyTooLarge(maxBytes));
  }
  file.seek("set");
  const text = writableByteText(size);
  let read = 0;
  let part = file.read(READ_BYTES);
  while (part !== undefined && read + part.length <= size) {
    text.write(read, part);
    read += part.length;
    pause();
    part = file.read(READ_BYTES);
  }
  file.close();
  return read === size ? success(text) : failure(bodyUnreadable("it changed meanwhile"));
}

/** The body, also where nginx spooled it to a file. */
function readBytes(maxBytes: number, pause: Pause): Result<ByteText> {
  ngx.req.read_body();
  const data = ngx.req.get_body_data();
  if (data !== undefined) {
    return data.length > maxBytes ? failure(bodyTooLarge(maxBytes)) : success(byteText(data));
  }
  const path = ngx.req.get_body_file();
  return path === undefined ? failure(bodyMissing()) : readFile(path, maxBytes, pause);
}

export function readBody(maxBytes: number, pause: Pause): Result<string> {
  const body = readBytes(maxBytes, pause);
  return body.ok ? success(body.value.slice(0, body.value.length)) : body;
}

/** A JSON body; its long arrays stay text. */
export function readJsonBody(maxBytes: number, pause: Pause): Result<JsonValue> {
  const body = readBytes(maxBytes, pause);
  if (!body.ok) {
    return body;
  }
  const parsed = parseLongJson(body.value, pause);
  return parsed.ok ? success(parsed.value) : failure(bodyNotJson(parsed.reason));
}
