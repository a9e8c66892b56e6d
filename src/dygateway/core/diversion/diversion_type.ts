import type { GatewayError } from "../errors.ts";
import type { TakeSpan } from "../json/pairs_text.ts";
import type { JsonArray } from "../json/value.ts";
import type { Pause, Result } from "../result.ts";
import type { RequestFacts } from "../userinfo/request_facts.ts";
import type { StoredPairs } from "./stored_pairs.ts";

/** How divdata is held in Redis. */
export type Storage = "hash" | "zset" | "list";

export interface StoredRules {
  readonly divdata: StoredPairs;
  /** IPv6 ranges, beside divdata in a sorted set of their own; empty for every type but `iprange`. */
  readonly ipv6: StoredPairs;
  /** That the rules lead to, each once, sorted. */
  readonly upstreams: readonly string[];
}

export interface Explanation {
  readonly upstream: string | undefined;
  /** Which rule was hit, or why none was; a clause for people. */
  readonly why: string;
}

/** One policy, compiled: immutable, shared by all requests of a worker. */
export interface Matcher {
  /** The upstream of a userinfo, or undefined where no rule is hit or the userinfo is unusable. */
  readonly match: (this: void, userinfo: string, request: RequestFacts) => string | undefined;
  /**
   * The same of a userinfo that is a plain number (see core/decimal.ts), which a request need not make a text of;
   * undefined where the type takes texts only.
   */
  readonly matchNumber?: ((this: void, userinfo: number) => string | undefined) | undefined;
  /** The same answer with its reason. */
  readonly explain: (this: void, userinfo: string, request: RequestFacts) => Explanation;
}

export interface PolicyOptions {
  readonly salt?: string | undefined;
}

/** Takes stored pairs one by one, as they arrive, so that a large policy never stands in memory twice. */
export interface MatcherBuilder {
  readonly addDivdata: (this: void, key: string, value: string) => void;
  /** The same as `addDivdata`, of a pair that lies in a text; only of types of which there are a great many. */
  readonly addSpan?: TakeSpan;
  readonly addIpv6: (this: void, key: string, value: string) => void;
  /** The matcher, or what is broken in the data: then nothing of it counts. */
  readonly finish: (this: void) => Result<Matcher>;
}

export interface DiversionType {
  readonly divtype: string;
  /** Where the userinfo comes from unless the policy says otherwise; a name in `userinfo/parsers.ts`. */
  readonly parser: string;
  readonly storage: Storage;
  /** Whether a policy's `userinfo` option means anything to this type. */
  readonly takesUserinfo: boolean;
  /** Turns the rules an operator wrote into their stored form, or says which rule is wrong and why. */
  readonly check: (this: void, rules: JsonArray, pause: Pause) => Result<StoredRules>;
  /** @param count how many pairs will be added at most. @param pause is called where a large table is set up. */
  readonly builder: (this: void, options: PolicyOptions, count: number, pause?: Pause) => MatcherBuilder;
}

/** The first problem a builder met; later ones are mostly its consequences. */
export interface Problem {
  error: GatewayError | undefined;
}
