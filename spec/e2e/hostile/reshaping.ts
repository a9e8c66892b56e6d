import type { Dice } from "../support/seeded_dice.ts";

/** Values that are valid JSON and mostly not what is expected. */
const strangers: readonly unknown[] = [
  null, true, false, 0, -1, 0.5, 1e15, 1e300, 2 ** 32, 4503599627370495, 4503599627370496, "", "x", "beta1", "0", "007", "\u0000", "\u007f", "用户", "é".repeat(3000),
  "::/0", "0.0.0.0/0", "1.2.3.4-1.2.3.3", "::1-1.2.3.4", "fe80::1%eth0", "10.0.0.1/8", "header:X", "header:", "ip", "uri", [], [[]], {}, [null], { start: 1, end: 2 },
  { start: "10.0.0.1", end: 5 }, { range: "::1" }, "a".repeat(4096), "a".repeat(4097), "a/b", "$backend", "stable;}", "http://x", "127.0.0.1:80", "__proto__", "constructor",
];

interface Node {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every place in a value that holds one, and how it is reached. */
function nodes(value: unknown, found: Node[] = []): Node[] {
  if (typeof value === "object" && value !== null) {
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      found.push({ holder, key });
      nodes(holder[key], found);
    }
  }
  return found;
}

type Edit = (dice: Dice, node: Node, all: readonly Node[]) => void;

const edits: readonly Edit[] = [
  (dice, { holder, key }) => {
    holder[key] = structuredClone(dice.pick(strangers));
  },
  (_dice, { holder, key }) => {
    if (Array.isArray(holder)) {
      holder.splice(Number(key), 1);
    } else {
      Reflect.deleteProperty(holder, key);
    }
  },
  (_dice, { holder, key }) => {
    if (Array.isArray(holder)) {
      holder.push(structuredClone(holder[Number(key)]));
    } else {
      holder[`${key}2`] = holder[key];
    }
  },
  (dice, { holder, key }, all) => {
    const other = dice.pick(all);
    holder[key] = structuredClone(other.holder[other.key]);
  },
  (dice, { holder, key }) => {
    const value = holder[key];
    holder[key] = typeof value === "number" ? value + dice.pick([-1, 1, 0.5, 1e9]) : typeof value === "string" ? `${value}${dice.pick(["0", ".", " ", "-"])}` : [value];
  },
  (_dice, { holder, key }) => {
    const value = holder[key];
    holder[key] = typeof value === "number" ? `${value}` : typeof value === "string" ? Number(value) : value;
  },
];

/** The body as valid JSON of another shape or with other values. */
export function reshaped(dice: Dice, body: Buffer): Buffer {
  const value = JSON.parse(body.toString()) as unknown;
  for (let i = dice.between(1, 3); i > 0; i--) {
    const all = nodes(value);
    if (all.length > 0) {
      dice.pick(edits)(dice, dice.pick(all), all);
    }
  }
  return Buffer.from(JSON.stringify(value));
}
