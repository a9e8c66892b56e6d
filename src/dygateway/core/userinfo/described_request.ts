import { plainNumber } from "../decimal.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { parameterInvalid } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { RequestFacts } from "./request_facts.ts";
import { argVariable, cookieVariable, headerVariable } from "./source.ts";

/** A request in words, as `explain` is asked about it. */
export interface DescribedRequest {
  readonly uid?: string | undefined;
  readonly ip?: string | undefined;
  readonly city?: string | undefined;
  readonly uri?: string | undefined;
  /** What a third-party parser would answer. */
  readonly userinfo?: string | undefined;
  /** `NAME:VALUE` each. */
  readonly headers: readonly string[];
  /** `NAME=VALUE` each. */
  readonly cookies: readonly string[];
  /** `NAME=VALUE` each, the value as it stands in the URL. */
  readonly args: readonly string[];
}

function split(text: string, separator: string): readonly [string, string] | undefined {
  const at = text.indexOf(separator);
  return at <= 0 ? undefined : [text.slice(0, at), text.slice(at + 1).trim()];
}

/** The facts of a request that is only described. */
export function describedRequest(request: DescribedRequest): Result<RequestFacts> {
  const variables: Lookup<string> = lookup();
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined && value !== "") {
      variables[name] = value;
    }
  };
  set("http_x_uid", request.uid);
  set("arg_city", request.city);
  set("uri", request.uri);
  set("userinfo", request.userinfo);
  for (const header of request.headers) {
    const parts = split(header, ":");
    if (parts === undefined) {
      return failure(parameterInvalid("header", `'${header}' is not NAME:VALUE`));
    }
    set(headerVariable(parts[0]), parts[1]);
  }
  for (const cookie of request.cookies) {
    const parts = split(cookie, "=");
    if (parts === undefined) {
      return failure(parameterInvalid("cookie", `'${cookie}' is not NAME=VALUE`));
    }
    set(cookieVariable(parts[0]), parts[1]);
  }
  for (const arg of request.args) {
    const parts = split(arg, "=");
    if (parts === undefined) {
      return failure(parameterInvalid("arg", `'${arg}' is not NAME=VALUE`));
    }
    set(argVariable(parts[0]), parts[1]);
  }
  const ip = request.ip === "" ? undefined : request.ip;
  return success({
    variable: (name) => variables[name],
    number: (name) => plainNumber(variables[name] ?? ""),
    clientAddress: () => ip,
  });
}
