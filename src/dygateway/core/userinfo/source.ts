import { policyOptionInvalid } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import type { RequestFacts } from "./request_facts.ts";

export type ReadUserinfo = (this: void, request: RequestFacts) => string | undefined;

/** A userinfo as a plain number, or -1: then its text decides. */
export type ReadNumber = (this: void, request: RequestFacts) => number;

/** Where a policy's userinfo comes from. `text` is the form it is written and stored in. */
export interface UserinfoSource {
  readonly text: string;
  readonly read: ReadUserinfo;
  /** Undefined for what is no variable of its own. */
  readonly readNumber?: ReadNumber | undefined;
}

const MAX_NAME_LENGTH = 128;

const TOKEN_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

/** Whether `name` can name a header, cookie or argument: letters, digits, `-`, `_`, `.`. */
export function isRequestName(name: string): boolean {
  if (name.length === 0 || name.length > MAX_NAME_LENGTH) {
    return false;
  }
  for (let i = 0; i < name.length; i++) {
    if (TOKEN_CHARACTERS.indexOf(name.charAt(i)) < 0) {
      return false;
    }
  }
  return true;
}

/** nginx's name for a request header: lower case, `-` becomes `_`. */
export function headerVariable(name: string): string {
  return `http_${name.toLowerCase().split("-").join("_")}`;
}

/** nginx's name for a cookie; it finds cookies in any case. */
export function cookieVariable(name: string): string {
  return `cookie_${name.toLowerCase()}`;
}

/** nginx's name for a query argument; it finds arguments in any case. */
export function argVariable(name: string): string {
  return `arg_${name.toLowerCase()}`;
}

function fromVariable(text: string, variable: string): UserinfoSource {
  return {
    text,
    read: /** @inlined */ (request) => {
      const value = request.variable(variable);
      return value;
    },
    readNumber: /** @inlined */ (request) => {
      const value = request.number(variable);
      return value;
    },
  };
}

const uri = fromVariable("uri", "uri");
const ip: UserinfoSource = {
  text: "ip",
  read: /** @inlined */ (request) => {
    const address = request.clientAddress();
    return address;
  },
};

/**
 * @param text `header:NAME`, `cookie:NAME`, `arg:NAME`, `uri` or `ip`.
 */
export function parseUserinfoSource(text: string): Result<UserinfoSource> {
  if (text === "uri") {
    return success(uri);
  }
  if (text === "ip") {
    return success(ip);
  }
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  const name = colon < 0 ? "" : text.slice(colon + 1);
  const known = kind === "header" || kind === "cookie" || kind === "arg";
  if (!known || !isRequestName(name)) {
    return failure(
      policyOptionInvalid(
        "userinfo",
        `'${text}' is none of header:NAME, cookie:NAME, arg:NAME, uri, ip (NAME: letters, digits, - _ .)`,
      ),
    );
  }
  if (kind === "header") {
    return success(fromVariable(text, headerVariable(name)));
  }
  return success(fromVariable(text, kind === "cookie" ? cookieVariable(name) : argVariable(name)));
}
