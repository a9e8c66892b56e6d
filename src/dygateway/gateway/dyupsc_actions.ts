import { parameterInvalid } from "../core/errors.ts";
import { peersAnswer, serversAnswer } from "../core/admin/upstream_answers.ts";
import { upstreamInstructions } from "../core/admin/upstream_changes.ts";
import type { Instruction } from "../core/admin/upstream_changes.ts";
import type { Parameters } from "../core/admin/parameters.ts";
import { given } from "../core/admin/upstream_parameters.ts";
import { object } from "../core/json/value.ts";
import type { JsonValue } from "../core/json/value.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { failure } from "../core/result.ts";
import { readDefinition } from "../core/store/upstream_reads.ts";
import { upstreamsNotSetUp } from "../core/upstream/edit_errors.ts";
import type { Upstream } from "../core/upstream/model.ts";
import { answered, change } from "./admin_action.ts";
import type { Action } from "./admin_action.ts";
import type { AdminContext } from "./admin_context.ts";
import { readBody } from "./admin_request.ts";
import { definitionOf, keepaliveNoteOf, reportStatus, upstreamsAsked } from "./dyupsc_reports.ts";
import { livePeers } from "./live_peers.ts";
import { staticUpstreams } from "./static_upstreams.ts";

/** Every action of /dyupsc_admin by its name. */
export const actions: Lookup<Action> = lookup();

/** Without dynamic upstreams, changes would be stored that this gateway never serves. */
function define(name: string, action: Action): void {
  actions[name] = (context) => {
    const outcome = context.settings.upstreams === undefined ? failure<never>(upstreamsNotSetUp()) : action(context);
    return outcome;
  };
}

function instruct(context: AdminContext, instruction: Instruction, parameters: Parameters): ReturnType<Action> {
  const planned = instruction(parameters, context.pause);
  if (!planned.ok) {
    return planned;
  }
  const statics = staticUpstreams();
  const isNoted = (given(parameters, "keepalive_timeout") ?? given(parameters, "keepalive_requests")) !== undefined;
  const note = isNoted ? keepaliveNoteOf(context.settings) : "";
  return change(context, () => planned.value(context.change, statics), ({ detail }) => ({ detail: `${detail}${note}` }));
}

for (const name of Object.keys(upstreamInstructions)) {
  define(name, (context) => instruct(context, upstreamInstructions[name]!, context.parameters.once));
}

/** `servers` may be too long for a URL: then it is what was posted. */
define("add_upstream", (context) => {
  const { once } = context.parameters;
  if (given(once, "servers") !== undefined || ngx.req.get_method() !== "POST") {
    return instruct(context, upstreamInstructions["add_upstream"]!, once);
  }
  const body = readBody(context.settings.admin.maxBodyBytes, context.pause);
  if (!body.ok) {
    return body;
  }
  const parameters: Parameters = lookup();
  for (const name of Object.keys(once)) {
    parameters[name] = once[name]!;
  }
  parameters["servers"] = body.value;
  return instruct(context, upstreamInstructions["add_upstream"]!, parameters);
});

define("get_upstreams", (context) => {
  const asked = upstreamsAsked(context, undefined);
  return asked.ok ? answered(asked.value.value.map((found) => found.name), asked.value.detail) : asked;
});

/** A list for each upstream, or for the one that is named. One that cannot be read is an error where it is named. */
function listEach(word: (this: void, name: string, upstream: Upstream) => JsonValue): Action {
  return (context) => {
    const name = given(context.parameters.once, "upstream");
    const asked = upstreamsAsked(context, name);
    if (!asked.ok) {
      return asked;
    }
    const lists: [string, JsonValue][] = [];
    for (const found of asked.value.value) {
      const definition = readDefinition(found, context.pause);
      if (!definition.ok && name !== undefined) {
        return definition;
      }
      lists.push([found.name, definition.ok ? word(found.name, definition.value) : []]);
      context.pause();
    }
    return answered(object(lists), asked.value.detail);
  };
}

define("get_primary_peers", listEach((name, upstream) => peersAnswer(upstream, false, livePeers(name))));
define("get_backup_peers", listEach((name, upstream) => peersAnswer(upstream, true, livePeers(name))));
define("get_servers", listEach((_name, upstream) => serversAnswer(upstream)));

define("get_upstream", (context) => {
  const name = given(context.parameters.once, "upstream");
  return name === undefined ? failure(parameterInvalid("upstream", "it is missing")) : definitionOf(context, name);
});

define("get_status", reportStatus);
