import { storeRefused } from "../errors.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { applyDraft } from "../upstream/edit_definition.ts";
import { lastPeerBusy, upstreamBusy, upstreamClash, upstreamUnknown } from "../upstream/edit_errors.ts";
import { hasUsablePeer } from "../upstream/edit_peers.ts";
import type { Upstream } from "../upstream/model.ts";
import { checkUpstreamName } from "../upstream/name.ts";
import { parseUpstreamBody } from "../upstream/parse.ts";
import type { UpstreamDraft } from "../upstream/parse.ts";
import { printUpstreamBody } from "../upstream/print.ts";
import { removedBody } from "../upstream/stored.ts";
import { textReply } from "./command.ts";
import type { StoreWork } from "./command.ts";
import { beginChange, commitChange, nothingToChange } from "./transaction.ts";
import type { Change, ChangeContext } from "./transaction.ts";
import { auditTexts } from "./upstream_audit.ts";
import { findUpstream, readDefinition, upstreamsLike } from "./upstream_reads.ts";
import type { FoundUpstream, StaticUpstreams } from "./upstream_reads.ts";
import { describeUpstreamUse, usedPolicyIds, usesOfUpstream } from "./upstream_uses.ts";

/** Which upstream a change is about, and as what it goes into the audit stream. */
export interface UpstreamChange {
  /** The action's name. */
  readonly action: string;
  readonly name: string;
  /** Also where a runtime depends on what goes. */
  readonly force: boolean;
}

/** How an upstream is after a change, or after one that had nothing to change. */
export interface ChangedUpstream {
  readonly name: string;
  readonly upstream: Upstream;
  readonly isChanged: boolean;
}

/** `isChanged` is false where there was none. */
export interface RemovedUpstream {
  readonly name: string;
  readonly isChanged: boolean;
}

interface Begun {
  readonly revision: number;
  readonly found: FoundUpstream | undefined;
}

/** Starts a change; makes sure that the key it writes is what it should be. */
function* beginUpstreamChange(context: ChangeContext, statics: StaticUpstreams, name: string): StoreWork<Result<Begun>> {
  const { keys } = context;
  const named = checkUpstreamName(name);
  if (!named.ok) {
    return named;
  }
  const begun = yield* beginChange(context, [keys.upstreams]);
  if (!begun.ok) {
    return begun;
  }
  const [type] = yield [["TYPE", keys.upstreams]];
  if (type !== "none" && type !== "hash") {
    return failure(storeRefused(`${keys.upstreams} is not the hash it should be: it is a ${textReply(type) ?? "?"}`));
  }
  const found = yield* findUpstream(keys, statics, name);
  return found.ok ? success({ revision: begun.value, found: found.value }) : found;
}

function what(change: UpstreamChange): string {
  return `upstream ${change.name}${change.force ? " (forced)" : ""}`;
}

/**
 * Ends a change with the definition that is to count from now on. One that says what is in force already changes nothing,
 * so that whoever repeats it resets nobody's balancing.
 *
 * @param before undefined where there is none, or none that can be read.
 */
function* storeUpstream(
  context: ChangeContext,
  change: UpstreamChange,
  { revision, found }: Begun,
  before: Upstream | undefined,
  after: Upstream,
): Change<ChangedUpstream> {
  const { keys } = context;
  const { name } = change;
  const body = printUpstreamBody(after, context.pause);
  const bodyBefore = before === undefined ? (found?.body ?? "") : printUpstreamBody(before, context.pause);
  if (before !== undefined && body === bodyBefore) {
    return success(nothingToChange(revision, { name, upstream: before, isChanged: false }));
  }
  // What an edit made of it must hold all that is asked of a body that somebody posts.
  const readBack = parseUpstreamBody(body, context.pause);
  if (!readBack.ok) {
    return readBack;
  }
  const losesLast = !hasUsablePeer(after) && (before === undefined || hasUsablePeer(before));
  if (losesLast && !change.force) {
    const uses = yield* usesOfUpstream(keys, name, context.pause);
    if (!uses.ok) {
      return uses;
    }
    if (uses.value.length > 0) {
      return failure(lastPeerBusy(usedPolicyIds(uses.value), name, describeUpstreamUse(uses.value)));
    }
  }
  const entry = {
    action: change.action,
    what: what(change),
    ...auditTexts(bodyBefore, body, context.pause),
    hostnames: [],
    policyIds: [],
    upstreams: [name],
  };
  const commands = [["HSET", keys.upstreams, name, body]];
  return success(commitChange(context, revision, entry, commands, { name, upstream: readBack.value, isChanged: true }));
}

/**
 * Creates an upstream, or replaces all its servers. Keepalive, strategy and check stay what they were unless the draft
 * says otherwise: a fleet's scripts post servers only.
 */
export function* addUpstream(
  context: ChangeContext,
  statics: StaticUpstreams,
  change: UpstreamChange,
  draft: UpstreamDraft,
): Change<ChangedUpstream> {
  const begun = yield* beginUpstreamChange(context, statics, change.name);
  if (!begun.ok) {
    return begun;
  }
  const { found } = begun.value;
  if (found === undefined) {
    const like = yield* upstreamsLike(context.keys, statics, [change.name]);
    if (!like.ok) {
      return like;
    }
    if (like.value.length > 0) {
      return failure(upstreamClash(change.name, like.value[0]!));
    }
  }
  const read = found === undefined ? undefined : readDefinition(found, context.pause);
  const before = read?.ok === true ? read.value : undefined;
  return yield* storeUpstream(context, change, begun.value, before, applyDraft(before, draft));
}

/**
 * Edits an upstream that is there. One that is only this node's own, from upstream.conf, is taken over as it stands
 * there and edited: from then on it is every node's.
 */
export function* changeUpstream(
  context: ChangeContext,
  statics: StaticUpstreams,
  change: UpstreamChange,
  edit: (this: void, current: Upstream) => Result<Upstream>,
): Change<ChangedUpstream> {
  const begun = yield* beginUpstreamChange(context, statics, change.name);
  if (!begun.ok) {
    return begun;
  }
  const { found } = begun.value;
  if (found === undefined) {
    return failure(upstreamUnknown(change.name));
  }
  const before = readDefinition(found, context.pause);
  if (!before.ok) {
    return before;
  }
  const after = edit(before.value);
  return after.ok ? yield* storeUpstream(context, change, begun.value, before.value, after.value) : after;
}

/**
 * Removes an upstream; one that is not there is a success. Refused while a runtime leads to it, unless forced. One that
 * is also in this node's upstream.conf leaves a mark, so that it does not come back from there.
 */
export function* removeUpstream(context: ChangeContext, statics: StaticUpstreams, change: UpstreamChange): Change<RemovedUpstream> {
  const { keys } = context;
  const { name } = change;
  const begun = yield* beginUpstreamChange(context, statics, name);
  if (!begun.ok) {
    return begun;
  }
  const { revision, found } = begun.value;
  if (found === undefined) {
    return success(nothingToChange(revision, { name, isChanged: false }));
  }
  const uses = change.force ? success([]) : yield* usesOfUpstream(keys, name, context.pause);
  if (!uses.ok) {
    return uses;
  }
  if (uses.value.length > 0) {
    return failure(upstreamBusy(usedPolicyIds(uses.value), name, describeUpstreamUse(uses.value)));
  }
  const isStatic = statics.body(name) !== undefined;
  const command = isStatic ? ["HSET", keys.upstreams, name, removedBody] : ["HDEL", keys.upstreams, name];
  const entry = {
    action: change.action,
    what: what(change),
    ...auditTexts(found.body, "", context.pause),
    hostnames: [],
    policyIds: [],
    upstreams: [name],
  };
  return success(commitChange(context, revision, entry, [command], { name, isChanged: true }));
}
