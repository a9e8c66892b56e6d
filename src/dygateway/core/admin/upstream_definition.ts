import { parameterInvalid } from "../errors.ts";
import { failure, noPause, success } from "../result.ts";
import type { Result } from "../result.ts";
import type { DefinitionFields } from "../upstream/edit_definition.ts";
import type { UpstreamDraft } from "../upstream/model.ts";
import { parseUpstreamBody } from "../upstream/parse.ts";
import type { Parameters } from "./parameters.ts";
import { given } from "./upstream_parameters.ts";

const PLACEHOLDER = "server 127.0.0.1:1; ";
/** How the parser begins what is wrong with the statement after the placeholder. */
const SECOND = "statement 2: ";

/** Reads statements of a body that stand without servers. */
function parseStatements(parameter: string, text: string): Result<UpstreamDraft> {
  const parsed = parseUpstreamBody(PLACEHOLDER + text, noPause);
  if (parsed.ok) {
    return parsed;
  }
  const { desc } = parsed.error;
  const at = desc.indexOf(SECOND);
  return failure(parameterInvalid(parameter, at < 0 ? desc : desc.slice(at + SECOND.length)));
}

/** Whether a value had statements of another kind in it. */
function saysMore(draft: UpstreamDraft, own: keyof UpstreamDraft): boolean {
  return (
    draft.servers.length > 1 ||
    (own !== "balance" && draft.balance.kind !== "round_robin") ||
    (own !== "keepalive" && draft.keepalive !== undefined) ||
    (own !== "check" && (draft.check !== undefined || draft.noCheck === true))
  );
}

function one(parameter: string, text: string, own: keyof UpstreamDraft): Result<UpstreamDraft> {
  const parsed = parseStatements(parameter, text);
  return parsed.ok && saysMore(parsed.value, own)
    ? failure(parameterInvalid(parameter, "one statement of this kind is expected, and no other"))
    : parsed;
}

function balanceField(text: string): Result<DefinitionFields> {
  if (text === "round_robin") {
    return success({ balance: { kind: "round_robin" } });
  }
  const parsed = one("strategy", `${text};`, "balance");
  if (!parsed.ok) {
    return parsed;
  }
  const { balance } = parsed.value;
  const expected = "round_robin, least_conn, ip_hash, 'hash KEY [consistent]' or 'random [two]' is expected";
  return balance.kind === "round_robin" ? failure(parameterInvalid("strategy", expected)) : success({ balance });
}

function keepaliveField(parameters: Parameters, connections: string): Result<DefinitionFields> {
  let text = `keepalive ${connections};`;
  for (const name of ["keepalive_timeout", "keepalive_requests"]) {
    const value = given(parameters, name);
    text += value === undefined ? "" : ` ${name} ${value};`;
  }
  const parsed = one("keepalive", text, "keepalive");
  return parsed.ok ? success({ keepalive: parsed.value.keepalive }) : parsed;
}

function checkField(text: string): Result<DefinitionFields> {
  if (text === "off" || text === "none") {
    return success({ check: "none" });
  }
  const parsed = one("check", `check ${text};`, "check");
  return parsed.ok ? success({ check: parsed.value.check }) : parsed;
}

/**
 * What `set_upstream` is to change: `strategy`, `keepalive` (with `keepalive_timeout` and `keepalive_requests` beside it),
 * `check`. Each in the words of an upstream body, `check` without its first; `off` for no check.
 */
export function definitionFields(parameters: Parameters): Result<DefinitionFields> {
  const strategy = given(parameters, "strategy");
  const keepalive = given(parameters, "keepalive");
  const check = given(parameters, "check");
  if (strategy === undefined && keepalive === undefined && check === undefined) {
    return failure(parameterInvalid("strategy, keepalive, check", "at least one of them is expected"));
  }
  const parts: Result<DefinitionFields>[] = [];
  if (strategy !== undefined) {
    parts.push(balanceField(strategy));
  }
  if (keepalive !== undefined) {
    parts.push(keepaliveField(parameters, keepalive));
  }
  if (check !== undefined) {
    parts.push(checkField(check));
  }
  let fields: DefinitionFields = {};
  for (const part of parts) {
    if (!part.ok) {
      return part;
    }
    fields = { ...fields, ...part.value };
  }
  return success(fields);
}
