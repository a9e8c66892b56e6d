import type { Dice } from "../support/seeded_dice.ts";
import { bytesOf, literal, mapBlock, upstreams, whole, type Draft } from "./draft.ts";
import { cityPlace, drawPlace, uidPlace, uriPlace, variableOf } from "./place.ts";

const DIGITS = "0123456789";
const UID_CHARACTERS = `${DIGITS}abcdefABCDEF-_.@ :=`;
const words = ["BJ", "bj", "SH", "shang%20hai", "北京", "são-paulo", "a+b", "x", "Zürich", "%E5%8C%97", "0", "1=2", "\\d", "$uri", "{;}"];
const paths = ["/", "/api/v1/feed", "/API/v1/feed", "/a b", "/caf\u00e9", "/a%b", "/x?y", "/a/", "/a", "/p#q", "/$uri", "/\"'", "/{}", "/a+b", "/..a"];

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** Texts that almost are the one: other case, one character more, less or changed. */
function neighbours(dice: Dice, text: string): string[] {
  const at = dice.below(text.length + 1);
  return [text, text.toUpperCase(), `${text}0`, text.slice(0, -1), text.slice(0, at) + dice.pick(["x", "%", ".", "1"]) + text.slice(at + 1)];
}

export function uidSuffixDraft(dice: Dice): Draft {
  const { place, options } = drawPlace(dice, uidPlace);
  const longest = dice.chance(50) ? 1 : dice.between(2, 20);
  const drawn = Array.from({ length: dice.between(1, 10) }, () => dice.text(DIGITS, dice.between(1, longest)));
  const suffixes = unique(drawn).map((suffix) => ({ suffix, upstream: dice.pick(upstreams) }));
  const divdata = suffixes.map(({ suffix, upstream }) => ({
    suffix: suffix.length === 1 && dice.chance(50) ? Number(suffix) : suffix,
    upstream,
  }));
  const byLength = [...suffixes].sort((a, b) => b.suffix.length - a.suffix.length);
  const uids = drawn.flatMap((suffix) => [suffix, dice.text(DIGITS, dice.between(1, 20)) + suffix, suffix.slice(1), `a${suffix}`, `${suffix}x`, ` ${suffix}`]);
  return {
    policy: { divtype: "uidsuffix", ...options, divdata } as Draft["policy"],
    directives: (name) =>
      mapBlock(variableOf(place), `$${name}`, byLength.map(({ suffix, upstream }) => `${whole(`[0-9]*${suffix}`)} ${upstream}`)),
    probes: [...uids, "", "-1", "1.1"].map((value) => ({ place, value })),
  };
}

/** A type that compares the whole userinfo with the rules' texts. */
function equalityDraft(dice: Dice, divtype: string, own: typeof uidPlace, texts: readonly string[], rules: (chosen: readonly { key: string; upstream: string }[]) => object[]): Draft {
  const { place, options } = drawPlace(dice, own);
  const chosen = unique(texts).map((key) => ({ key, upstream: dice.pick(upstreams) }));
  return {
    policy: { divtype, ...options, divdata: rules(chosen) } as Draft["policy"],
    directives: (name) =>
      mapBlock(variableOf(place), `$${name}`, chosen.map(({ key, upstream }) => `${whole(literal(bytesOf(key)))} ${upstream}`)),
    probes: [...chosen.flatMap(({ key }) => neighbours(dice, key)), ""].map((text) => ({ place, value: bytesOf(text) })),
  };
}

export function uidAppointDraft(dice: Dice): Draft {
  const draw = (): string =>
    dice.chance(50) ? `${dice.between(0, 10 ** dice.between(1, 15))}` : `${dice.text(UID_CHARACTERS, dice.between(1, 40)).trim()}u`;
  const uids = Array.from({ length: dice.chance(15) ? 300 : dice.between(1, 20) }, draw);
  return equalityDraft(dice, "uidappoint", uidPlace, [...uids, ...(dice.chance(30) ? ["用户1"] : [])], (chosen) => {
    const asNumber = (uid: string): string | number => (/^(0|[1-9]\d{0,14})$/.test(uid) && dice.chance(50) ? Number(uid) : uid);
    return upstreams
      .map((upstream) => ({ uidset: chosen.filter((one) => one.upstream === upstream).map((one) => asNumber(one.key)), upstream }))
      .filter((rule) => rule.uidset.length > 0);
  });
}

export function cityDraft(dice: Dice): Draft {
  const cities = dice.shuffled(words).slice(0, dice.between(1, 8));
  return equalityDraft(dice, "arg_city", cityPlace, cities, (chosen) => chosen.map(({ key, upstream }) => ({ city: key, upstream })));
}

export function urlDraft(dice: Dice): Draft {
  const urls = dice.shuffled(paths).slice(0, dice.between(1, 8));
  const draft = equalityDraft(dice, "url", uriPlace, urls, (chosen) => chosen.map(({ key, upstream }) => ({ url: key, upstream })));
  const more = ["//a", "/./a", "/b/../a", "/a//", "/%61", "/api/v1/../v1/feed"].map((value) => ({ place: uriPlace, value }));
  return { ...draft, probes: [...draft.probes, ...more] };
}

export function percentDraft(dice: Dice): Draft {
  const { place, options } = drawPlace(dice, uidPlace);
  const salt = dice.chance(50) ? undefined : dice.text(`${UID_CHARACTERS}%/`, dice.between(1, 12));
  const shares: { hundredths: number; upstream: string }[] = [];
  let left = 10_000;
  for (let i = dice.between(1, 6); i > 0 && left > 0; i--) {
    const hundredths = dice.pick([1, dice.between(1, left), dice.between(1, Math.ceil(left / 3)), i === 1 ? left : 1]);
    shares.push({ hundredths, upstream: dice.pick(upstreams) });
    left -= hundredths;
  }
  const uids = Array.from({ length: 400 }, () => dice.text(UID_CHARACTERS, dice.between(1, 40)));
  return {
    policy: {
      divtype: "percent",
      ...options,
      ...(salt === undefined ? {} : { salt }),
      divdata: shares.map(({ hundredths, upstream }) => ({ percent: hundredths / 100, upstream })),
    } as Draft["policy"],
    directives: (name) => {
      const lines = shares.map(({ hundredths, upstream }) => `${(hundredths / 100).toFixed(2)}% ${upstream};\n`);
      const split = `split_clients "${salt ?? "dygateway:"}${variableOf(place).replace("$", "${")}}" $${name}_share {\n${lines.join("")}* "";\n}\n`;
      return split + mapBlock(variableOf(place), `$${name}`, ['"" ""'], `$${name}_share`);
    },
    probes: ["", ...uids].map((value) => ({ place, value: place.kind === "uri" ? `/${value}` : value })),
  };
}
