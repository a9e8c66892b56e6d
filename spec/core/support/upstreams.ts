import { upstreamInstructions } from "../../../src/dygateway/core/admin/upstream_changes.ts";
import type { InstructionOutcome } from "../../../src/dygateway/core/admin/upstream_changes.ts";
import { lookup, sortedKeys } from "../../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../../src/dygateway/core/lookup.ts";
import { noPause } from "../../../src/dygateway/core/result.ts";
import type { Result } from "../../../src/dygateway/core/result.ts";
import type { Transaction } from "../../../src/dygateway/core/store/transaction.ts";
import type { StaticUpstreams } from "../../../src/dygateway/core/store/upstream_reads.ts";
import type { Upstream } from "../../../src/dygateway/core/upstream/model.ts";
import { parseUpstreamBody } from "../../../src/dygateway/core/upstream/parse.ts";
import { defined } from "../../support/assert.ts";
import { context } from "./changes.ts";
import { commit, drive } from "./fake_redis.ts";
import type { FakeRedis } from "./fake_redis.ts";
import { valueOf } from "./results.ts";

/** An upstream from its body. */
export function upstreamOf(body: string): Upstream {
  return valueOf(parseUpstreamBody(body, noPause));
}

/** A node's own upstreams, from names and bodies in turn. */
export function staticsOf(...pairs: string[]): StaticUpstreams {
  const bodies: Lookup<string> = lookup();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    bodies[pairs[i] ?? ""] = pairs[i + 1] ?? "";
  }
  return { names: () => sortedKeys(bodies), body: (name) => bodies[name] };
}

export const noStatics: StaticUpstreams = staticsOf();

function parametersOf(pairs: readonly string[]): Lookup<string> {
  const parameters: Lookup<string> = lookup();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    parameters[pair.slice(0, equals)] = pair.slice(equals + 1);
  }
  return parameters;
}

/** What an instruction comes to; nothing of it is carried out. @param pairs its parameters, `name=value` each. */
export function planned(
  redis: FakeRedis,
  statics: StaticUpstreams,
  action: string,
  ...pairs: string[]
): Result<Transaction<InstructionOutcome>> {
  const read = defined(upstreamInstructions[action], action)(parametersOf(pairs), noPause);
  return read.ok ? drive(redis, read.value(context(), statics)) : read;
}

/** Carries out an instruction that must be accepted. @returns whether it changed anything. */
export function instruct(redis: FakeRedis, statics: StaticUpstreams, action: string, ...pairs: string[]): boolean {
  // A connection of its own: it does not watch what an earlier plan did.
  redis.watchBroken();
  const plan = valueOf(defined(upstreamInstructions[action], action)(parametersOf(pairs), noPause));
  const done = defined(commit(redis, plan(context(`${redis.log.length}`), statics)), "the transaction");
  return done.answer.isChanged;
}

