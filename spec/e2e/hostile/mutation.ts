import type { Dice } from "../support/seeded_dice.ts";

const bytes = [0, 1, 9, 10, 13, 0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x65, 0x7b, 0x7d, 0x7f, 0x80, 0xbf, 0xc0, 0xed, 0xf4, 0xff];

/** What parsers stumble over. */
const snippets = [
  "1e999", "-1e-999", "-0", "0.1", "99999999999999999999999999", "9007199254740993", "4503599627370496", "01", "+1", ".5", "NaN", "Infinity",
  "null", "true", "{}", "[]", '""', '"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\uD83D\\uDE00"', '"\\x"', "\xff\xfe", "\xc0\x80", "\xed\xa0\x80",
  "\xef\xbb\xbf", "\u0000", "/*x*/", ",", ",,", "'", '"divtype":"iprange",', '"divdata":[],', '"name":"x",', '"userinfo":"ip",', '"salt":"s",',
  '{"1":', '"upstream":"beta1/$uri"', '"upstream":"; }"', '"upstream":"http://x"', '"range":"::/0"', '"range":{"start":0,"end":0}', "0.0.0.0/0",
].map((text) => Buffer.from(text, "latin1"));

type Mutation = (dice: Dice, body: Buffer, other: Buffer) => Buffer;

function cut(dice: Dice, body: Buffer): readonly [from: number, to: number] {
  const from = dice.below(body.length + 1);
  return [from, Math.min(body.length, from + dice.below(dice.pick([2, 8, 64, body.length + 1])))];
}

const mutations: readonly Mutation[] = [
  (dice, body) => {
    const changed = Buffer.from(body);
    if (changed.length > 0) {
      const at = dice.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
    }
    return changed;
  },
  (dice, body) => {
    const changed = Buffer.from(body);
    changed[dice.below(changed.length)] = dice.pick(bytes);
    return changed;
  },
  (dice, body) => {
    const [from, to] = cut(dice, body);
    return Buffer.concat([body.subarray(0, from), body.subarray(to)]);
  },
  (dice, body) => {
    const [from, to] = cut(dice, body);
    return Buffer.concat([body.subarray(0, to), body.subarray(from)]);
  },
  (dice, body) => {
    const [from, to] = cut(dice, body);
    return Buffer.concat([body.subarray(0, from), dice.pick(snippets), body.subarray(dice.chance(50) ? from : to)]);
  },
  (dice, body) => body.subarray(0, dice.below(body.length + 1)),
  (dice, body, other) => Buffer.concat([body.subarray(0, dice.below(body.length + 1)), other.subarray(dice.below(other.length + 1))]),
  // A whole value is exchanged: the JSON stays valid, its meaning does not.
  (dice, body) => {
    const text = body.toString("latin1");
    const values = [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g)];
    const one = values[dice.below(values.length)];
    if (one === undefined) {
      return body;
    }
    const snippet = dice.pick([...snippets, ...values.map((value) => Buffer.from(value[0], "latin1"))]).toString("latin1");
    return Buffer.from(text.slice(0, one.index) + snippet + text.slice(one.index + one[0].length), "latin1");
  },
];

/** The body with one to four faults. @param other one to take a piece from. */
export function mutated(dice: Dice, body: Buffer, other: Buffer): Buffer {
  let changed = body;
  for (let i = dice.between(1, 4); i > 0; i--) {
    changed = dice.pick(mutations)(dice, changed, other);
  }
  return changed;
}

/** Bodies that are no mutation of anything. */
export function absurdBody(dice: Dice): Buffer {
  const depth = dice.pick([31, 32, 33, 1000, 100_000]);
  return dice.pick<() => Buffer>([
    () => Buffer.alloc(0),
    () => Buffer.alloc(dice.between(1, 2000), dice.pick(bytes)),
    () => Buffer.from(Array.from({ length: dice.between(1, 500) }, () => dice.below(256))),
    () => Buffer.from("[".repeat(depth)),
    () => Buffer.from(`${'{"divdata":'.repeat(depth)}1${"}".repeat(depth)}`),
    () => Buffer.from(`{"divtype":"uidsuffix","divdata":${"[".repeat(depth)}${"]".repeat(depth)}}`),
    () => Buffer.from(`{"divtype":"uidappoint","divdata":[{"uidset":[${"9".repeat(depth)}],"upstream":"beta1"}]}`),
    () => Buffer.from(`{"divtype":"${"x".repeat(depth)}","divdata":[]}`),
    () => Buffer.from(`{"${"k".repeat(depth)}":1}`),
    () => Buffer.from(`"${"\\u0000".repeat(Math.min(depth, 5000))}"`),
    () => Buffer.from(`[${"0,".repeat(Math.min(depth, 20_000))}0]`),
    () => Buffer.from(`{${Array.from({ length: Math.min(depth, 5000) }, (_, i) => `"${i + 1}":{}`).join(",")}}`),
    () => Buffer.from(`{"divtype":"uidrange","divdata":[{"range":{"start":-${"9".repeat(400)},"end":1e${"9".repeat(300)}},"upstream":"beta1"}]}`),
  ])();
}
