import { parameterInvalid } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { Change, ChangeContext } from "../store/transaction.ts";
import { addUpstream, changeUpstream, removeUpstream } from "../store/upstream_changes.ts";
import type { UpstreamChange } from "../store/upstream_changes.ts";
import type { StaticUpstreams } from "../store/upstream_reads.ts";
import { setDefinition } from "../upstream/edit_definition.ts";
import { addPeer, addServer, removePeer, removeServer, setPeer } from "../upstream/edit_servers.ts";
import type { ServerFields } from "../upstream/edit_servers.ts";
import type { Upstream } from "../upstream/model.ts";
import { parseUpstreamBody } from "../upstream/parse.ts";
import { isForced } from "./parameters.ts";
import type { Parameters } from "./parameters.ts";
import { definitionFields } from "./upstream_definition.ts";
import { flag, given, peerTarget, serverAddress, serverField, serverFields, upstreamName } from "./upstream_parameters.ts";

/** How an instruction ended. */
export interface InstructionOutcome {
  readonly isChanged: boolean;
  /** Follows `success ` in an answer; says so where there was nothing to change. */
  readonly detail: string;
}

/** A change that is checked as far as it can be without the store; what it comes to is planned against the store. */
export type PlannedInstruction = (
  this: void,
  context: ChangeContext,
  statics: StaticUpstreams,
) => Change<InstructionOutcome>;

/** Reads an instruction's parameters, or says which of them is wrong. */
export type Instruction = (this: void, parameters: Parameters, pause: Pause) => Result<PlannedInstruction>;

/** What is done to an upstream that is there. */
type Edit = (this: void, current: Upstream) => Result<Upstream>;
/** Reads the parameters of an edit. */
type ReadEdit = (this: void, parameters: Parameters, name: string) => Result<Edit>;

/** Every instruction that changes upstreams, by its name: the actions of /dyupsc_admin, and all that speaks like it. */
export const upstreamInstructions: Lookup<Instruction> = lookup();

const done = { isChanged: true, detail: "" };
const unchanged = { isChanged: false, detail: " it is so already; nothing was changed" };

function about(action: string, parameters: Parameters): Result<UpstreamChange> {
  const name = upstreamName(parameters);
  return name.ok ? success({ action, name: name.value, force: isForced(parameters) }) : name;
}

function* worded(change: Change<{ readonly isChanged: boolean }>): Change<InstructionOutcome> {
  const planned = yield* change;
  if (!planned.ok) {
    return planned;
  }
  const { commands, revision, answer } = planned.value;
  return success({ commands, revision, answer: answer.isChanged ? done : unchanged });
}

function defineEdit(action: string, read: ReadEdit): void {
  upstreamInstructions[action] = (parameters) => {
    const change = about(action, parameters);
    if (!change.ok) {
      return change;
    }
    const edit = read(parameters, change.value.name);
    if (!edit.ok) {
      return edit;
    }
    return success((context, statics) => worded(changeUpstream(context, statics, change.value, edit.value)));
  };
}

/** An edit of the server at `ip` and `port`. */
function defineServerEdit(
  action: string,
  apply: (this: void, name: string, current: Upstream, address: string) => Result<Upstream>,
): void {
  defineEdit(action, (parameters, name) => {
    const address = serverAddress(parameters);
    return address.ok ? success((current) => apply(name, current, address.value)) : address;
  });
}

/** An edit of the peer at `id`, or `ip` and `port`. */
function definePeerEdit(action: string, readFields: (this: void, parameters: Parameters) => Result<ServerFields>): void {
  defineEdit(action, (parameters, name) => {
    const target = peerTarget(parameters);
    if (!target.ok) {
      return target;
    }
    const fields = readFields(parameters);
    return fields.ok ? success((current) => setPeer(name, current, target.value, fields.value)) : fields;
  });
}

upstreamInstructions["add_upstream"] = (parameters, pause) => {
  const change = about("add_upstream", parameters);
  if (!change.ok) {
    return change;
  }
  const servers = given(parameters, "servers");
  if (servers === undefined) {
    return failure(parameterInvalid("servers", "it is missing; 'server IP:PORT; server IP:PORT;' is expected"));
  }
  const draft = parseUpstreamBody(servers, pause);
  if (!draft.ok) {
    return draft;
  }
  return success((context, statics) => worded(addUpstream(context, statics, change.value, draft.value)));
};

upstreamInstructions["remove_upstream"] = (parameters) => {
  const change = about("remove_upstream", parameters);
  return change.ok ? success((context, statics) => worded(removeUpstream(context, statics, change.value))) : change;
};

const serverParameters = ["weight", "max_fails", "fail_timeout", "max_conns", "slow_start"];

defineEdit("add_server", (parameters) => {
  const address = serverAddress(parameters);
  if (!address.ok) {
    return address;
  }
  const fields = serverFields(parameters, [...serverParameters, "backup"]);
  return fields.ok ? success((current) => success(addServer(current, address.value, fields.value))) : fields;
});

defineServerEdit("add_peer", addPeer);
defineServerEdit("remove_peer", (_name, current, address) => success(removePeer(current, address)));
defineServerEdit("remove_server", removeServer);

for (const field of [...serverParameters, "down"]) {
  definePeerEdit(`set_peer_${field}`, (parameters) => {
    const value = given(parameters, "value");
    return value === undefined ? failure(parameterInvalid("value", "it is missing")) : serverField(field, "value", value);
  });
}

const peerParameters = [...serverParameters, "down", "drain"];

definePeerEdit("set_peer", (parameters) => {
  const fields = serverFields(parameters, peerParameters);
  return fields.ok && Object.keys(fields.value).length === 0
    ? failure(parameterInvalid(peerParameters.join(", "), "at least one of them is expected"))
    : fields;
});

definePeerEdit("drain_peer", (parameters) => {
  const drain = flag(parameters, "value", true);
  return drain.ok ? success({ drain: drain.value }) : drain;
});

defineEdit("set_upstream", (parameters) => {
  const fields = definitionFields(parameters);
  return fields.ok ? success((current) => success(setDefinition(current, fields.value))) : fields;
});
