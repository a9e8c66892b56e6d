import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import { noPause } from "../../core/result.ts";
import { addressParts } from "../../core/upstream/address.ts";
import { afterLookup, sameAddresses, unknownName } from "../../core/upstream/dns_record.ts";
import type { DnsRecord } from "../../core/upstream/dns_record.ts";
import type { Upstream } from "../../core/upstream/model.ts";
import { logNotice, logWarning } from "../log.ts";
import { dnsConfig, lookUp, noAnswers } from "./dns_lookup.ts";
import { createPool } from "./pool.ts";
import { NAMES, readName, recordWriter } from "./records.ts";

/** Lookups at a time. */
const MOST_LOOKUPS = 16;
/** Seconds that a name is kept which nobody has any more: an upstream may be removed and come back. */
const KEPT_SECONDS = 10;

interface WatchedName {
  readonly host: string;
  record: DnsRecord;
  asking: boolean;
  /** Upstreams with servers of this name. */
  readonly users: Lookup<boolean>;
}

/** The leading worker's eye on the names of servers. */
export interface NameWatch {
  /** Takes note of an upstream's servers; undefined where there is none of this name any more. */
  readonly watch: (this: void, upstream: string, definition: Upstream | undefined) => void;
  /** Takes note of upstreams that are not there any more; once in a while. */
  readonly sweep: (this: void, isGone: (this: void, upstream: string) => boolean, now: number) => void;
  /** Begins the lookups that are due. */
  readonly step: (this: void, now: number) => void;
  readonly close: (this: void) => void;
}

function describe(addresses: readonly string[]): string {
  return addresses.length === 0 ? "no addresses" : addresses.join(", ");
}

/** Says what is news for an operator. */
function announce(host: string, before: DnsRecord, after: DnsRecord): void {
  if (after.problem !== "" && after.problem !== before.problem) {
    logWarning(`'${host}' could not be resolved, it keeps ${describe(after.addresses)}: ${after.problem}`);
  } else if (!sameAddresses(before.addresses, after.addresses)) {
    logNotice(`'${host}' has the addresses ${describe(after.addresses)}`);
  } else if (after.problem === "" && before.failures > 0) {
    logNotice(`'${host}' is resolved again`);
  }
}

/**
 * @param moved called with the upstreams whose servers have other addresses now; the new ones are on record by then.
 * @param changed called when there is something that should survive a restart.
 */
export function watchNames(
  resolvers: readonly string[],
  moved: (this: void, upstreams: readonly string[]) => void,
  changed: (this: void) => void,
  stopping: (this: void) => boolean,
): NameWatch {
  const names: Lookup<WatchedName> = lookup();
  const hostsOf: Lookup<readonly string[]> = lookup();
  const unusedSince: Lookup<number> = lookup();
  const writer = recordWriter<DnsRecord>(NAMES);

  function ask(name: WatchedName): void {
    const [looked, found] = pcall(() => lookUp(name.host, dnsConfig(resolvers)));
    // Whatever came of it: else it would never be asked for again.
    name.asking = false;
    const { v4, v6 } = looked ? found : noAnswers(`the lookup broke: ${tostring(found)}`);
    if (stopping() || names[name.host] !== name) {
      return;
    }
    const before = name.record;
    const after = afterLookup(before, v4, v6, ngx.now());
    name.record = after;
    writer.write([{ name: name.host, record: after }], noPause);
    announce(name.host, before, after);
    if (!sameAddresses(before.addresses, after.addresses)) {
      changed();
      moved(Object.keys(name.users));
    }
  }

  const pool = createPool({ most: MOST_LOOKUPS, common: MOST_LOOKUPS, share: 0 }, ask, stopping);

  function release(upstream: string, hosts: readonly string[]): void {
    for (const host of hosts) {
      const name = names[host];
      if (name !== undefined) {
        delete name.users[upstream];
      }
    }
  }

  /** Forgets names that nobody has had for a while; those that a former leader has left behind, too. */
  function forgetUnused(now: number): void {
    const unused: string[] = [];
    for (const host of writer.names()) {
      if (Object.keys(names[host]?.users ?? lookup()).length > 0) {
        delete unusedSince[host];
      } else {
        unusedSince[host] ??= now;
        if (now - unusedSince[host] >= KEPT_SECONDS) {
          delete names[host];
          delete unusedSince[host];
          unused.push(host);
        }
      }
    }
    writer.remove(unused);
  }

  function watch(upstream: string, definition: Upstream | undefined): void {
    const hosts: string[] = [];
    for (const server of definition?.servers ?? []) {
      const { kind, host } = addressParts(server.address);
      if (kind === "name" && !hosts.includes(host)) {
        hosts.push(host);
      }
    }
    const before = hostsOf[upstream] ?? [];
    release(upstream, before);
    if (hosts.length === 0) {
      delete hostsOf[upstream];
      return;
    }
    hostsOf[upstream] = hosts;
    for (const host of hosts) {
      const known = names[host];
      const name = known ?? { host, record: readName(host) ?? unknownName, asking: false, users: lookup<boolean>() };
      names[host] = name;
      name.users[upstream] = true;
    }
  }

  return {
    watch,
    sweep: (isGone, now) => {
      for (const upstream of Object.keys(hostsOf)) {
        if (isGone(upstream)) {
          watch(upstream, undefined);
        }
      }
      forgetUnused(now);
    },
    close: pool.close,
    step: (now) => {
      for (const host of Object.keys(names)) {
        const name = names[host]!;
        if (unusedSince[host] === undefined && !name.asking && name.record.next <= now) {
          name.asking = true;
          pool.add("", name);
        }
      }
    },
  };
}
