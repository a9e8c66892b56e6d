import { upstreams } from "./draft.ts";
import type { Dice } from "../support/seeded_dice.ts";

/** Values that belong together, both ends included. */
export interface Span {
  readonly start: bigint;
  readonly end: bigint;
  readonly upstream: string;
}

function length(dice: Dice, most: number): number {
  return dice.pick([1, 1, 2, dice.between(1, 20), dice.between(1, 100_000), dice.between(1, most)]);
}

/** Ranges from 0 to `most` that do not overlap, in no order: neighbours, single values, the very first and last. */
export function drawSpans(dice: Dice, most: bigint): Span[] {
  const count = dice.chance(10) ? dice.between(100, 400) : dice.between(1, 12);
  const room = Number(most / BigInt(count) < 2n ** 50n ? most / BigInt(count) : 2n ** 50n);
  const spans: Span[] = [];
  let at = dice.chance(30) ? 0n : BigInt(length(dice, room));
  for (let i = 0; i < count && at <= most; i++) {
    const last = i + 1 === count && dice.chance(25);
    const end = last ? most : at + BigInt(length(dice, room)) - 1n;
    spans.push({ start: at, end: end < most ? end : most, upstream: dice.pick(upstreams) });
    at = end + 1n + BigInt(dice.pick([0, 1, length(dice, room)]));
  }
  return dice.shuffled(spans);
}

/** The edges of ranges, one off them on both sides, and what lies between. */
export function edges(dice: Dice, spans: readonly Span[], most: bigint): bigint[] {
  const values = [0n, 1n, most - 1n, most];
  for (const { start, end } of spans) {
    const inside = start + BigInt(dice.between(0, Number(end - start < 2n ** 50n ? end - start : 2n ** 50n)));
    values.push(start - 1n, start, start + 1n, inside, end - 1n, end, end + 1n);
  }
  return values.filter((value) => value >= 0n && value <= most);
}

/** Prefixes that together are the range: `[first, bits]` of addresses `width` bits long. */
export function prefixes(start: bigint, end: bigint, width: number): (readonly [first: bigint, bits: number])[] {
  const found: (readonly [bigint, number])[] = [];
  let at = start;
  while (at <= end) {
    let free = 0n;
    while (free < BigInt(width) && at % 2n ** (free + 1n) === 0n && at + 2n ** (free + 1n) - 1n <= end) {
      free++;
    }
    found.push([at, width - Number(free)]);
    at += 2n ** free;
  }
  return found;
}

export function dotted(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => `${(address >> shift) & 255n}`).join(".");
}

/** Eight groups, without `::`. */
export function grouped(address: bigint): string {
  const digits = address.toString(16).padStart(32, "0");
  return (digits.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, "")).join(":");
}
