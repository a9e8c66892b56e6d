import { doubles } from "../../buffer.ts";
import type { NumberBuffer } from "../../buffer.ts";
import type { Server } from "../model.ts";

/** The numbers of a peer that a choice looks at: one row of eight doubles, a cache line, in its group's buffer. */
export const COLUMNS = 8;
/** nginx's current_weight, effective_weight and weight; the last is less than the server's during a slow start. */
export const CURRENT = 0;
export const EFFECTIVE = 1;
export const WEIGHT = 2;
/** 1: may be chosen. 0: down, drained, failed, unhealthy, or at its max_conns. */
export const OPEN = 3;
/** Requests that run on it. */
export const CONNS = 4;
/** Failures that count, and seconds: of the last try that would show a recovery, and of the last failure. */
export const FAILS = 5;
export const CHECKED = 6;
export const ACCESSED = 7;

/** Positions of a tape are 16-bit numbers. */
const MOST_PEERS = 65535;

/**
 * One address that requests go to. Survives every edit that keeps its address: whoever remembers a peer may release
 * it, or report on it, after any number of edits, and also after its removal.
 */
export interface Peer {
  /** `10.0.0.1:80`, `[2001:db8::1]:80` or `unix:/path`: what the model calls it, resolved. */
  readonly address: string;
  /** What nginx's `set_current_peer` takes: `10.0.0.1`, `[2001:db8::1]` or `unix:/path`, and the port of the first two. */
  readonly host: string;
  readonly port: number | undefined;
  /** Whose address it is; another object after an edit. */
  server: Server;
  /** Tries that were begun here, and those of them that failed. */
  requests: number;
  failures: number;
  /** What the active check says. Set by `setHealthy`. */
  healthy: boolean;
  /** When its slow start began; 0 when it has none. */
  slowSince: number;
  /** Where its numbers are. */
  group: PeerGroup;
  row: number;
}

/** Peers that are chosen among: the primaries, or the backups, of an upstream. See round_robin.ts for its tape. */
export interface PeerGroup {
  readonly peers: readonly Peer[];
  readonly rows: NumberBuffer;
  /** Where the rows end. */
  readonly end: number;
  /** The only peer of its upstream: as in nginx its failures do not count. */
  readonly single: boolean;
  /** Until here no peer that failed may be tried again; Infinity when none waits. */
  retryAt: number;
  /** Peers in their slow start. */
  ramping: number;
  tape: NumberBuffer | undefined;
  /** Current weights at the start of the tape. */
  start: NumberBuffer | undefined;
  capacity: number;
  /** Choices until the tape repeats, and the sum of weights that took part in it. */
  period: number;
  total: number;
  /** Below 0: choices until the recording begins; from 0: what is recorded. */
  recorded: number;
  replaying: boolean;
  position: number;
  /** The position that the rows' current weights are those of, while the tape is replayed. */
  written: number;
}

/** Whether a server takes part at all. */
export function isUsable(server: Server): boolean {
  return !server.down && !server.drain && !server.out;
}

/** A group with all peers closed; their numbers are put in by `adoptPeer`. */
export function peerGroup(peers: readonly Peer[], single: boolean): PeerGroup {
  return {
    peers,
    rows: doubles(Math.max(peers.length, 1) * COLUMNS),
    end: peers.length * COLUMNS,
    single,
    retryAt: Infinity,
    ramping: 0,
    tape: undefined,
    start: undefined,
    capacity: peers.length > MOST_PEERS ? -1 : 0,
    period: 0,
    total: 0,
    recorded: 0,
    replaying: false,
    position: 0,
    written: 0,
  };
}
