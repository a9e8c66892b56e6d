import type { Dice } from "../support/seeded_dice.ts";
import { bytesOf, firstOf, literal, mapBlock, upstreams, whole, type Draft, type Probe } from "./draft.ts";
import { variableOf, type Place } from "./place.ts";

const names = {
  header: ["X-Env", "X-Channel", "User-Agent", "X-Uid"],
  cookie: ["group", "g", "uid"],
  arg: ["channel", "c", "city"],
} as const;

const values = ["gray", "Gray", "b", "a b", "a+b", "100%", "50%41", "内测", "x=y", "é", "%", "\"quoted\"", "\\", "$x"];

type Kind = keyof typeof names;

const HEX_ESCAPE = "%(?![0-9a-fA-F]{2})";

/** What a sender may write for a byte of a query argument: itself, `%XX` in any case, `+` for a space. */
function encodings(byte: string): string {
  const hex = byte.charCodeAt(0).toString(16).padStart(2, "0");
  const escaped = `%(?i:${hex})`;
  switch (byte) {
    case " ":
      return `(?:${escaped}|\\x2b|\\x20)`;
    case "+":
      return `(?:${escaped})`;
    case "%":
      return `(?:${escaped}|${HEX_ESCAPE})`;
    default:
      return `(?:${escaped}|${literal(byte)})`;
  }
}

function encoded(dice: Dice, bytes: string): string {
  return Array.from(bytes)
    .map((byte) => {
      const hex = byte.charCodeAt(0).toString(16).padStart(2, "0");
      const escape = `%${dice.chance(50) ? hex : hex.toUpperCase()}`;
      if (byte === " ") {
        return dice.pick(["+", escape]);
      }
      return /[&#+%\x00-\x1f]/.test(byte) || dice.chance(20) ? escape : byte;
    })
    .join("");
}

/** `header`, `cookie` or `arg`: the first rule that is met decides, whatever name it has. */
export function namedDraft(dice: Dice, kind: Kind): Draft {
  const known = new Set<string>();
  const rules: { name: string; place: Place; value: string; upstream: string }[] = [];
  for (let i = dice.between(1, 7); i > 0; i--) {
    const name = dice.pick(names[kind]);
    const value = dice.pick(values);
    if (!known.has(`${name}:${value}`)) {
      known.add(`${name}:${value}`);
      rules.push({ name, place: { kind, name }, value, upstream: dice.pick(upstreams) });
    }
  }
  const probes: Probe[] = rules.flatMap(({ place, value }) => {
    const bytes = bytesOf(value);
    const texts = kind === "arg" ? [encoded(dice, bytes), encoded(dice, bytes), bytes, `${bytes}%`] : [bytes, bytes.toUpperCase()];
    return [...texts, `${bytes}x`, bytes.slice(1), "", encoded(dice, bytes)].map((text) => ({ place, value: text }));
  });
  return {
    policy: { divtype: kind, divdata: rules.map(({ name, value, upstream }) => ({ name, value, upstream })) } as Draft["policy"],
    directives: (variable) => {
      const each = rules.map(({ place, value, upstream }, i) => {
        const bytes = Array.from(bytesOf(value));
        const expression = bytes.map((byte) => (kind === "arg" ? encodings(byte) : literal(byte))).join("");
        return mapBlock(variableOf(place), `$${variable}_rule_${i}`, [`${whole(expression)} ${upstream}`]);
      });
      return each.join("") + firstOf(rules.map((_, i) => `$${variable}_rule_${i}`), `$${variable}`);
    },
    probes,
  };
}
