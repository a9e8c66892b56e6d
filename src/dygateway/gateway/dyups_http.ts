import {
  accessRefused,
  addFailed,
  changed,
  detailAnswer,
  detailBlock,
  listAnswer,
  readDyupsRequest,
  readFailed,
  removeFailed,
  serversAnswer,
  unknownUpstream,
} from "../core/admin/dyups_protocol.ts";
import type { DyupsAnswer, DyupsOperation } from "../core/admin/dyups_protocol.ts";
import type { Parameters } from "../core/admin/parameters.ts";
import { upstreamInstructions } from "../core/admin/upstream_changes.ts";
import type { InstructionOutcome } from "../core/admin/upstream_changes.ts";
import { actionFailed, errorInfo } from "../core/errors.ts";
import type { GatewayError } from "../core/errors.ts";
import { lookup } from "../core/lookup.ts";
import { success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import type { Transaction } from "../core/store/transaction.ts";
import { readDefinition } from "../core/store/upstream_reads.ts";
import type { FoundUpstream } from "../core/store/upstream_reads.ts";
import { upstreamsNotSetUp } from "../core/upstream/edit_errors.ts";
import { readBody, readParameters } from "./admin_request.ts";
import { announceRevision, askForToken, changeOfRequest, refuseRequest } from "./admin_server.ts";
import { upstreamsAsked } from "./dyupsc_reports.ts";
import { logError } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { pacer, tidyAfter } from "./pace.ts";
import { changeStore } from "./redis.ts";
import { requestFacts } from "./request_facts.ts";
import { staticUpstreams } from "./static_upstreams.ts";

/** Who changes, where the request does not say. */
const WHO = "dyups";

/** Carries out an instruction, and waits until this node's workers have what it comes to. */
function instruct(action: string, parameters: Parameters, pause: Pause): Result<Transaction<InstructionOutcome>> {
  const planned = upstreamInstructions[action]!(parameters, pause);
  if (!planned.ok) {
    return planned;
  }
  const change = changeOfRequest(WHO, pause);
  const statics = staticUpstreams();
  const done = changeStore(thisNode().settings.redis, () => planned.value(change, statics));
  if (done.ok) {
    announceRevision(done.value.revision);
  }
  return done;
}

function parametersFor(name: string): Result<Parameters> {
  const query = readParameters();
  if (!query.ok) {
    return query;
  }
  const parameters: Parameters = lookup();
  parameters["upstream"] = name;
  const { force } = query.value.once;
  if (force !== undefined) {
    parameters["force"] = force;
  }
  return success(parameters);
}

function replace(name: string, pause: Pause): DyupsAnswer {
  const parameters = parametersFor(name);
  if (!parameters.ok) {
    return addFailed(parameters.error);
  }
  const body = readBody(thisNode().settings.admin.maxBodyBytes, pause);
  if (!body.ok) {
    return addFailed(body.error);
  }
  parameters.value["servers"] = body.value;
  const done = instruct("add_upstream", parameters.value, pause);
  return done.ok ? changed : addFailed(done.error);
}

function remove(name: string, pause: Pause): DyupsAnswer {
  const parameters = parametersFor(name);
  if (!parameters.ok) {
    return removeFailed(parameters.error);
  }
  const done = instruct("remove_upstream", parameters.value, pause);
  if (!done.ok) {
    return removeFailed(done.error);
  }
  return done.value.answer.isChanged ? changed : unknownUpstream(name);
}

/** The upstreams that a request is about; where the store cannot be asked, those that this node has in force. */
function asked(name: string | undefined): Result<FoundUpstream[]> {
  const found = upstreamsAsked(thisNode(), name);
  return found.ok ? success(found.value.value) : found;
}

function read(name: string, pause: Pause): DyupsAnswer {
  const found = asked(name);
  if (!found.ok) {
    return found.error.code === errorInfo.PARAMETER_TYPE_ERROR[0] ? unknownUpstream(name) : readFailed(found.error);
  }
  const definition = readDefinition(found.value[0]!, pause);
  return definition.ok ? serversAnswer(definition.value) : readFailed(definition.error);
}

function readAll(kind: "list" | "detail", pause: Pause): DyupsAnswer {
  const found = asked(undefined);
  if (!found.ok) {
    return readFailed(found.error);
  }
  if (kind === "list") {
    return listAnswer(found.value.map(({ name }) => name));
  }
  const blocks: string[] = [];
  for (const upstream of found.value) {
    const definition = readDefinition(upstream, pause);
    blocks.push(detailBlock(upstream.name, definition.ok ? definition.value : undefined));
    pause();
  }
  return detailAnswer(blocks);
}

function carryOut(operation: DyupsOperation, pause: Pause): DyupsAnswer {
  switch (operation.kind) {
    case "read":
      return read(operation.name, pause);
    case "replace":
      return replace(operation.name, pause);
    case "remove":
      return remove(operation.name, pause);
    default:
      return readAll(operation.kind, pause);
  }
}

/** What an operation that cannot be carried out at all is answered with. */
function failed({ kind }: DyupsOperation, error: GatewayError): DyupsAnswer {
  if (kind === "replace") {
    return addFailed(error);
  }
  return kind === "remove" ? removeFailed(error) : readFailed(error);
}

function attempt(operation: DyupsOperation, pause: Pause): DyupsAnswer {
  if (thisNode().settings.upstreams === undefined) {
    return failed(operation, upstreamsNotSetUp());
  }
  const [ran, outcome] = pcall(() => carryOut(operation, pause));
  if (!ran) {
    logError(`dyups ${operation.kind}: ${tostring(outcome)}`);
    return failed(operation, actionFailed(`dyups ${operation.kind}`, tostring(outcome)));
  }
  return outcome;
}

function answerTo(pause: Pause): DyupsAnswer {
  const refusal = refuseRequest();
  if (refusal !== undefined) {
    return accessRefused(refusal);
  }
  const prefix = thisNode().settings.upstreams?.dyupsLocation ?? "";
  const request = readDyupsRequest(ngx.req.get_method(), requestFacts.variable("uri") ?? "", prefix);
  return request.ok ? attempt(request.operation, pause) : request.answer;
}

/** Answers the protocol of ngx_http_dyups_module, on this node's own upstreams. */
export function serveDyups(): void {
  const pause = pacer();
  const tidy = tidyAfter(pause);
  const { status, text } = answerTo(pause);
  // nginx throws away a body that nobody asked for, and would say `100 Continue` to it in the middle of the answer.
  ngx.req.clear_header("Expect");
  ngx.status = status;
  askForToken(status);
  if (status === 405) {
    ngx.header["Allow"] = "GET, POST, DELETE";
  }
  ngx.header["Cache-Control"] = "no-store";
  if (status !== 204) {
    ngx.header["Content-Type"] = "text/plain; charset=utf-8";
    ngx.header["Content-Length"] = text.length;
    ngx.print(text);
  }
  tidy(false);
}
