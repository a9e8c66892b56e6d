import { lookup as lookupTable, type Lookup } from "../../dygateway/core/lookup.ts";
import { noPause } from "../../dygateway/core/result.ts";
import { addressParts } from "../../dygateway/core/upstream/address.ts";
import { parseConf, type DynamicUpstream } from "../../dygateway/core/upstream/conf_file.ts";
import { printConfBlock } from "../../dygateway/core/upstream/conf_print.ts";
import type { Upstream } from "../../dygateway/core/upstream/model.ts";
import { checkUpstreamName } from "../../dygateway/core/upstream/name.ts";
import { parseConfBody } from "../../dygateway/core/upstream/parse.ts";
import { parseStored } from "../../dygateway/core/upstream/stored.ts";

/** The addresses of a name; rejects where there are none to be had. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export const nameUnresolved = (host: string, reason: string, kept: readonly string[]): string =>
  `'${host}' could not be resolved (${reason}); ${kept.length === 0 ? "its servers are left out" : `it keeps ${kept.join(", ")}`}`;
export const definitionBroken = (name: string, reason: string, isKept: boolean): string =>
  `upstream '${name}' is broken in Redis (${reason}); ${isKept ? "the definition of the file stays" : "it is left out"}`;

export interface ConfUpstreams {
  readonly upstreams: readonly DynamicUpstream[];
  /** What could not be done as Redis has it, a line each. */
  readonly problems: readonly string[];
}

/**
 * What upstream.conf is to say of the upstreams of the store. Where one of them is broken, or a name has no addresses
 * just now, it goes on saying what it said, as the gateway goes on serving that.
 *
 * @param existing the upstream.conf that there is, of which the sections are whole.
 */
export async function confUpstreams(bodies: ReadonlyMap<string, string>, existing: string, resolve: Resolve): Promise<ConfUpstreams> {
  const problems: string[] = [];
  const addresses = new Map<string, readonly string[]>();
  const known = knownAddresses(existing);

  async function addressesOf(host: string): Promise<readonly string[]> {
    try {
      // In an order of their own, so that a server that deals them out in turn does not make a new file each time.
      return [...new Set(await resolve(host))].sort();
    } catch (error) {
      const kept = known.get(host) ?? [];
      problems.push(nameUnresolved(host, reasonOf(error), kept));
      return kept;
    }
  }

  async function resolved(upstream: Upstream): Promise<Lookup<readonly string[]>> {
    const table: Lookup<readonly string[]> = lookupTable();
    for (const server of upstream.servers) {
      const { kind, host } = addressParts(server.address);
      if (kind !== "name") continue;
      const found = addresses.get(host) ?? (await addressesOf(host));
      addresses.set(host, found);
      table[host] = found;
    }
    return table;
  }

  const upstreams: DynamicUpstream[] = [];
  for (const name of [...bodies.keys()].sort()) {
    const checked = checkUpstreamName(name);
    const stored = checked.ok ? parseStored(bodies.get(name) ?? "", noPause) : checked;
    const kept = stored.ok ? stored.value : checked.ok ? writtenBefore(existing, name) : undefined;
    if (!stored.ok) problems.push(definitionBroken(name, stored.error.desc, kept !== undefined));
    if (kept === undefined || typeof kept === "string") {
      if (kept === "removed") upstreams.push({ name, block: undefined });
    } else {
      upstreams.push({ name, block: printConfBlock(name, kept, await resolved(kept)) });
    }
  }
  return { upstreams, problems };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error));

/** What the dynamic section says of an upstream. */
function writtenBefore(existing: string, name: string): Upstream | undefined {
  const conf = parseConf(existing, noPause);
  const block = conf.ok ? conf.value.dynamics.find((dynamic) => dynamic.name === name) : undefined;
  const body = block === undefined ? undefined : parseConfBody(block.body, noPause);
  return body?.ok === true ? body.value : undefined;
}

/** Addresses by the names that stand beside them in comments: `server 10.1.0.7:80; # app.example:80`. */
function knownAddresses(existing: string): Map<string, string[]> {
  const known = new Map<string, string[]>();
  for (const [, address = "", name = ""] of existing.matchAll(/^ *server ([^ ;]+)[^;\n]*; # ([^ ,\n]+:[0-9]+)(?:,|$)/gm)) {
    const { host } = addressParts(name);
    const ip = addressParts(address).host;
    const before = known.get(host) ?? [];
    known.set(host, before.includes(ip) ? before : [...before, ip]);
  }
  return known;
}
