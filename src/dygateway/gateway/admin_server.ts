import { refuseAdminRequest } from "../core/admin/access.ts";
import { errorAnswer, successAnswer } from "../core/admin/answers.ts";
import { actionFailed, actionMissing, actionUnknown } from "../core/errors.ts";
import type { GatewayError } from "../core/errors.ts";
import { printJson } from "../core/json/print.ts";
import type { JsonObject } from "../core/json/value.ts";
import { sortedKeys } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { failure } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import type { ChangeContext } from "../core/store/transaction.ts";
import type { Action, ActionAnswer } from "./admin_action.ts";
import { changeContext, waitUntilApplied } from "./admin_context.ts";
import { readParameters } from "./admin_request.ts";
import { logError } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { pacer, tidyAfter } from "./pace.ts";
import { requestFacts } from "./request_facts.ts";

function answer(body: JsonObject, pause: Pause): void {
  // nginx throws away a body that no action asked for, and would say `100 Continue` to it in the middle of the answer.
  ngx.req.clear_header("Expect");
  ngx.header["Content-Type"] = "application/json; charset=utf-8";
  ngx.header["Cache-Control"] = "no-store";
  ngx.say(printJson(body, pause));
}

/** Says how to log in, where a refusal is for that. */
export function askForToken(status: number): void {
  if (status === 401) {
    ngx.header["WWW-Authenticate"] = 'Bearer realm="dygateway"';
  }
}

function refuse(status: number, error: GatewayError, pause: Pause): void {
  ngx.status = status;
  askForToken(status);
  answer(errorAnswer(error), pause);
}

/** Who asks for a change, as the audit stream says it. @param otherwise where the request does not say. */
export function changeOfRequest(otherwise: string, pause: Pause): ChangeContext {
  const from = requestFacts.variable("remote_addr") ?? "";
  const who = requestFacts.variable("http_x_operator") ?? otherwise;
  return changeContext(thisNode().keys, from, who.slice(0, 128), pause);
}

function run(name: string, action: Action, pause: Pause): Result<ActionAnswer> {
  const { settings, keys } = thisNode();
  const parameters = readParameters();
  if (!parameters.ok) {
    return parameters;
  }
  const change = changeOfRequest("", pause);
  const [ran, outcome] = pcall(() => action({ settings, keys, parameters: parameters.value, change, pause }));
  if (!ran) {
    logError(`action ${name}: ${tostring(outcome)}`);
    return failure(actionFailed(name, tostring(outcome)));
  }
  return outcome;
}

/**
 * Answers an action of an admin interface: the envelope of the contract, with HTTP status 200 whenever an action was
 * answered. A change carries its revision in `X-Dygateway-Revision`, and in `X-Dygateway-Applied` how many of this
 * node's workers have it.
 */
export function serveActions(actions: Lookup<Action>): void {
  const pause = pacer();
  const tidy = tidyAfter(pause);
  serve(actions, pause);
  // A body in a file was read into memory that the collector does not see.
  tidy(ngx.req.get_body_file() !== undefined);
}

/**
 * Headers that make an answer depend on a version of it. Answers here have none, and nginx, which looks at them after the
 * action is done, would send 412 or 304 in the place of what it did.
 */
const conditions = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"];

/** Whether a request to an administration interface may be looked at. @returns the refusal, or undefined. */
export function refuseRequest(): GatewayError | undefined {
  for (const condition of conditions) {
    ngx.req.clear_header(condition);
  }
  const refusal = refuseAdminRequest(
    {
      host: requestFacts.variable("http_host"),
      origin: requestFacts.variable("http_origin"),
      secFetchSite: requestFacts.variable("http_sec_fetch_site"),
      authorization: requestFacts.variable("http_authorization"),
    },
    thisNode().settings.admin,
  );
  return refusal;
}

/** Waits until this node's workers have a change, and says in the answer's headers how many have. */
export function announceRevision(revision: number): void {
  const { workers, applied } = waitUntilApplied(revision);
  ngx.header["X-Dygateway-Revision"] = `${revision}`;
  ngx.header["X-Dygateway-Applied"] = `${applied}/${workers}`;
}

function serve(actions: Lookup<Action>, pause: Pause): void {
  const refusal = refuseRequest();
  if (refusal !== undefined) {
    refuse(refusal.code, refusal, pause);
    return;
  }
  const name = requestFacts.variable("arg_action") ?? "";
  const action = actions[name];
  if (action === undefined) {
    const known = sortedKeys(actions).join(", ");
    answer(errorAnswer(name === "" ? actionMissing() : actionUnknown(name, known)), pause);
    return;
  }
  const result = run(name, action, pause);
  if (!result.ok) {
    answer(errorAnswer(result.error), pause);
    return;
  }
  const { detail, data, revision } = result.value;
  if (revision !== undefined) {
    announceRevision(revision);
  }
  answer(successAnswer(detail, data), pause);
}
