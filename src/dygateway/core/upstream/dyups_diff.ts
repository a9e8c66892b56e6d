import { sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { ModuleUpstream, ShownServer } from "./dyups_state.ts";

/** What the module was told of an upstream last. */
export interface SentUpstream {
  /** What identifies the body; "" after it was told to delete it. */
  readonly digest: string;
  /** Seconds since 1970. */
  readonly at: number;
}

/** An upstream that the module should have, and what identifies its body. */
export interface WantedUpstream extends ModuleUpstream {
  readonly digest: string;
}

export interface DyupsPlan {
  /** Names of upstreams to be sent, and to be deleted. */
  readonly send: readonly string[];
  readonly remove: readonly string[];
  /** Names that need not be remembered any more. */
  readonly forget: readonly string[];
  /** Where the module is not as it should be, in words; those that it has not had the time for are not among them. */
  readonly differences: readonly string[];
  /** It does not have what it once took: it was reloaded, or somebody else has changed it. */
  readonly isLost: boolean;
}

/** Seconds in which the module's workers tell each other of a change. */
const SETTLE_SECONDS = 2;

function order(a: ShownServer, b: ShownServer): number {
  if (a.address !== b.address) {
    return a.address < b.address ? -1 : 1;
  }
  return a.backup - b.backup;
}

function sorted(servers: readonly ShownServer[]): ShownServer[] {
  const copy = servers.slice();
  copy.sort((a, b) => order(a, b));
  return copy;
}

function differs(wanted: number, found: number): boolean {
  return found >= 0 && found !== wanted;
}

/** What is wrong with the servers that the module shows; "" for nothing. Their order does not count. */
export function serversDifference(wanted: readonly ShownServer[], found: readonly ShownServer[]): string {
  if (wanted.length !== found.length) {
    return `it has ${found.length} servers, ${wanted.length} are expected`;
  }
  const left = sorted(wanted);
  const right = sorted(found);
  for (let i = 0; i < left.length; i++) {
    const want = left[i]!;
    const has = right[i]!;
    if (want.address !== has.address) {
      return `it lacks ${want.address}`;
    }
    const isOther =
      differs(want.weight, has.weight) ||
      differs(want.maxConns, has.maxConns) ||
      differs(want.maxFails, has.maxFails) ||
      differs(want.failTimeout, has.failTimeout) ||
      differs(want.backup, has.backup) ||
      differs(want.down, has.down);
    if (isOther) {
      return `${want.address} has other parameters`;
    }
  }
  return "";
}

function isSettling(sent: SentUpstream | undefined, now: number): boolean {
  return sent !== undefined && now - sent.at < SETTLE_SECONDS;
}

/**
 * What to tell the module. What it shows does not include strategy and keepalive, so that whatever of ours it turns out
 * to have lost, it is told everything again. Sending what is the same would reset its balancing: that is not done.
 *
 * @param wanted by name. @param gone names that should be nobody's, whoever had them.
 * @param found what it shows. @param sent what it was told before, by name; others' upstreams are not in it, and stay.
 */
export function planDyups(
  wanted: Lookup<WantedUpstream>,
  gone: readonly string[],
  found: Lookup<readonly ShownServer[]>,
  sent: Lookup<SentUpstream>,
  now: number,
): DyupsPlan {
  const names = sortedKeys(wanted);
  const differences: string[] = [];
  const differing: string[] = [];
  const send: string[] = [];
  for (const name of names) {
    const want = wanted[name]!;
    const shown = found[name];
    const problem = shown === undefined ? "it is not there" : serversDifference(want.servers, shown);
    const told = sent[name];
    if (told?.digest !== want.digest) {
      send.push(name);
    }
    if (problem !== "" && !isSettling(told, now)) {
      differences.push(`${name}: ${problem}`);
      if (told?.digest === want.digest) {
        differing.push(name);
      }
    }
  }
  const isLost = differing.length > 0;
  const remove: string[] = [];
  const forget: string[] = [];
  const ours = sortedKeys(sent).filter((name) => wanted[name] === undefined);
  for (const name of [...gone.filter((name) => sent[name] === undefined), ...ours]) {
    const told = sent[name];
    if (found[name] === undefined) {
      if (told !== undefined && !isSettling(told, now)) {
        forget.push(name);
      }
    } else if (told?.digest !== "" || !isSettling(told, now)) {
      remove.push(name);
      differences.push(`${name}: it should not be there`);
    }
  }
  return {
    send: isLost ? names.filter((name) => send.includes(name) || !isSettling(sent[name], now)) : send,
    remove,
    forget,
    differences,
    isLost,
  };
}
