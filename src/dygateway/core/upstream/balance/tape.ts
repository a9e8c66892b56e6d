import { doubles, shorts } from "../../buffer.ts";
import { COLUMNS, CURRENT, OPEN, WEIGHT } from "./peer.ts";
import type { PeerGroup } from "./peer.ts";

/*
 * While nothing happens, smooth weighted round robin repeats its choices after (sum of weights) / (their greatest common
 * divisor). One such period is recorded as it is chosen; if every current weight is then what it was at the beginning,
 * the tape is replayed, without a look at the peers. Whatever changes a peer leaves the tape first: the current weights
 * at position k are those of its start + k × weight - total × (how often the peer was chosen).
 */

const LONGEST_TAPE = 65536;

/** Choices without an event before a recording begins: where every request brings an event, it would be for nothing. */
const WARM_UP = 8;

function greatestCommonDivisor(left: number, right: number): number {
  let a = left;
  let b = right;
  while (b > 0) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

function beginRecording(group: PeerGroup): void {
  const { rows, end, peers } = group;
  let divisor = 0;
  let total = 0;
  for (let row = 0; row < end; row += COLUMNS) {
    if (rows[row + OPEN] === 1) {
      divisor = greatestCommonDivisor(rows[row + WEIGHT]!, divisor);
      total += rows[row + WEIGHT]!;
    }
  }
  const period = total / divisor;
  if (period > LONGEST_TAPE || group.capacity < 0) {
    group.recorded = -Infinity;
    return;
  }
  if (group.capacity < period || group.tape === undefined) {
    group.capacity = period;
    group.tape = shorts(period);
  }
  group.start ??= doubles(peers.length);
  for (let i = 0; i < peers.length; i++) {
    group.start[i] = rows[i * COLUMNS + CURRENT]!;
  }
  group.period = period;
  group.total = total;
  group.recorded = 0;
}

function isWhereItBegan(group: PeerGroup): boolean {
  for (let i = 0; i < group.peers.length; i++) {
    if (group.start![i] !== group.rows[i * COLUMNS + CURRENT]) {
      return false;
    }
  }
  return true;
}

/** Notes a choice that was made while all peers that may be chosen had their full weights and no failures. */
export function record(group: PeerGroup, index: number): void {
  const before = group.recorded;
  if (before < 0) {
    group.recorded = before + 1;
    if (before === -1) {
      beginRecording(group);
    }
    return;
  }
  group.tape![before] = index;
  group.recorded = before + 1;
  if (before + 1 === group.period) {
    if (isWhereItBegan(group)) {
      group.replaying = true;
      group.position = 0;
      group.written = 0;
    } else {
      beginRecording(group);
    }
  }
}

/** Brings the current weights in the rows up to where the tape has come to. */
export function writeWeights(group: PeerGroup): void {
  const { rows, start, tape, position, total } = group;
  if (!group.replaying || group.written === position) {
    return;
  }
  group.written = position;
  for (let i = 0; i < group.peers.length; i++) {
    const row = i * COLUMNS;
    const gained = rows[row + OPEN] === 1 ? position * rows[row + WEIGHT]! : 0;
    rows[row + CURRENT] = start![i]! + gained;
  }
  for (let k = 0; k < position; k++) {
    const row = tape![k]! * COLUMNS;
    rows[row + CURRENT] = rows[row + CURRENT]! - total;
  }
}

/**
 * To be called before anything that a choice depends on changes.
 * @inlined
 */
export function leaveTape(group: PeerGroup): void {
  if (group.replaying) {
    writeWeights(group);
  }
  group.replaying = false;
  group.recorded = -WARM_UP;
}
