import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import type { Pause } from "../../core/result.ts";
import type { CountedFailures } from "../../core/upstream/balancer.ts";
import type { DnsRecord } from "../../core/upstream/dns_record.ts";
import type { PeerHealth } from "../../core/upstream/health.ts";
import { cjson, dict } from "../platform.ts";
import { countUp, readJson } from "../shared_dict.ts";

/**
 * What the leading worker knows of peers and names, in the shared dict. Only it writes; every worker reads when it
 * builds an upstream, or when it has missed an event.
 *
 *   hc:<upstream>   HealthRecord: peers with an active check, and peers with failures that count
 *   hcs             the upstreams that have one
 *   dn:<host>       DnsRecord
 *   dns             the hosts that have one
 *   hcn             how often all that was told a while ago was on record: see `countRound`
 */
export interface HealthRecord {
  /** By address. */
  readonly checks: Lookup<PeerHealth>;
  /** By address; of all workers. */
  readonly failures: Lookup<CountedFailures>;
}

interface Kind {
  readonly prefix: string;
  readonly index: string;
}

export const HEALTH: Kind = { prefix: "hc:", index: "hcs" };
export const NAMES: Kind = { prefix: "dn:", index: "dns" };

const ROUNDS = "hcn";

export const noRecord: HealthRecord = { checks: lookup(), failures: lookup() };

export function readHealth(upstream: string): HealthRecord | undefined {
  return readJson(`${HEALTH.prefix}${upstream}`) as HealthRecord | undefined;
}

export function readName(host: string): DnsRecord | undefined {
  return readJson(`${NAMES.prefix}${host}`) as DnsRecord | undefined;
}

/** Counts one more round, after which all is on record that was told before the round before it. */
export function countRound(): void {
  countUp(ROUNDS);
}

/** How many rounds there were since nginx started, whoever led. */
export function recordRounds(): number {
  const [rounds] = dict().get(ROUNDS);
  return typeof rounds === "number" ? rounds : 0;
}

export function recordNames(kind: Kind): string[] {
  return (readJson(kind.index) as string[] | undefined) ?? [];
}

export interface NamedRecord<T> {
  readonly name: string;
  readonly record: T;
}

/** The leading worker's way to write records of a kind: keeps their index, so that nothing is left behind. */
export interface RecordWriter<T> {
  readonly write: (this: void, records: readonly NamedRecord<T>[], pause: Pause) => void;
  readonly remove: (this: void, names: readonly string[]) => void;
  readonly names: (this: void) => string[];
}

export function recordWriter<T>(kind: Kind): RecordWriter<T> {
  const known: Lookup<boolean> = lookup();
  for (const name of recordNames(kind)) {
    known[name] = true;
  }
  const writeIndex = (): void => {
    dict().safe_set(kind.index, cjson.encode(Object.keys(known))[0] ?? "");
  };
  return {
    write: (records, pause) => {
      const count = Object.keys(known).length;
      for (const { name } of records) {
        known[name] = true;
      }
      // The index first: a leader that is killed in between leaves a name without a record, not one that nobody deletes.
      if (Object.keys(known).length !== count) {
        writeIndex();
      }
      for (const { name, record } of records) {
        dict().safe_set(`${kind.prefix}${name}`, cjson.encode(record)[0] ?? "");
        pause();
      }
    },
    remove: (names) => {
      const there = names.filter((name) => known[name] === true);
      for (const name of there) {
        dict().delete(`${kind.prefix}${name}`);
        delete known[name];
      }
      if (there.length > 0) {
        writeIndex();
      }
    },
    names: () => Object.keys(known),
  };
}
