import type { Gateway } from "../stand/gateway.ts";
import { wasSoAlready, type AdminParameters } from "../stand/http.ts";

/** An action of /dyupsc_admin and what it is told. */
export type Edit = readonly [action: string, parameters: AdminParameters];

export interface EditTally {
  /** Milliseconds until every worker of the node had it, of those that were done. */
  readonly times: number[];
  failed: number;
  readonly reasons: Map<string, number>;
}

/** Edits one upstream, and keeps count. */
export class Edits {
  readonly tally: EditTally = { times: [], failed: 0, reasons: new Map() };
  private readonly gateway: Gateway;
  private readonly upstream: string;

  constructor(gateway: Gateway, upstream: string) {
    this.gateway = gateway;
    this.upstream = upstream;
  }

  async make([action, parameters]: Edit): Promise<void> {
    try {
      const answer = await this.gateway.upstreams(action, { upstream: this.upstream, ...parameters });
      const { code, desc, milliseconds, applied } = answer;
      if (code !== 200 || wasSoAlready(answer)) {
        this.fail(`${action}: ${code} ${desc}`);
      } else if (applied === undefined || applied.done < applied.of) {
        this.fail(`${action}: answered before every worker had it`);
      } else {
        this.tally.times.push(milliseconds);
      }
    } catch (error) {
      this.fail(`${action}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  private fail(reason: string): void {
    this.tally.failed++;
    this.tally.reasons.set(reason, (this.tally.reasons.get(reason) ?? 0) + 1);
  }
}

function place(address: string): { readonly ip: string; readonly port: string } {
  const colon = address.lastIndexOf(":");
  return { ip: address.slice(0, colon), port: address.slice(colon + 1) };
}

/**
 * One after the other: a server's weight there and back, a drain and its end, out of rotation and back, other limits and
 * back, and an eleventh server that comes and goes. No edit finds everything as it is to be.
 */
export function mixedEdits(addresses: readonly string[], spare: string, number: number): Edit {
  const turn = Math.floor(number / 10);
  const server = place(addresses[turn % addresses.length] ?? "");
  const edits: readonly Edit[] = [
    ["set_peer_weight", { ...server, value: 3 }],
    ["drain_peer", server],
    ["set_peer_weight", { ...server, value: 1 }],
    ["drain_peer", { ...server, value: "false" }],
    ["remove_peer", server],
    ["add_server", place(spare)],
    ["add_peer", server],
    ["set_peer", { ...server, max_fails: 3, fail_timeout: 20 }],
    ["remove_server", place(spare)],
    ["set_peer", { ...server, max_fails: 1, fail_timeout: 10 }],
  ];
  return edits[number % 10] ?? ["", {}];
}

/**
 * For one of twenty callers, two of whom edit the same server, and neither what the other does: one drains it and ends
 * that, one takes it out and back, eight change its weight, ten its limits.
 */
export function laneEdits(addresses: readonly string[], lane: number, number: number): Edit {
  const server = place(addresses[lane % addresses.length] ?? "");
  const isOdd = number % 2 === 1;
  if (lane >= addresses.length) {
    return ["set_peer", { ...server, max_fails: (number % 3) + 2 }];
  }
  if (lane === 0) {
    return ["drain_peer", isOdd ? { ...server, value: "false" } : server];
  }
  if (lane === 1) {
    return [isOdd ? "add_peer" : "remove_peer", server];
  }
  return ["set_peer_weight", { ...server, value: (number % 3) + 2 }];
}
