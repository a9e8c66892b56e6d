import type { Dice } from "../support/seeded_dice.ts";
import { mapBlock, type Draft } from "./draft.ts";
import { drawPlace, ipPlace, uidPlace, variableOf } from "./place.ts";
import { dotted, drawSpans, edges, grouped, prefixes, type Span } from "./spans.ts";

const MAX_UID = 4503599627370495n;
const MAX_IPV4 = 4294967295n;
const IPV6_BITS = 128;

function geoBlock(source: string, variable: string, lines: readonly string[]): string {
  return `geo ${source} ${variable} {\n${lines.map((line) => `${line};\n`).join("")}}\n`;
}

/** nginx knows ranges of addresses only; sixteen digits of a uid, read as hexadecimal, are an IPv6 address in the same order. */
function digitsAsAddress(uid: bigint): bigint {
  return BigInt(`0x${uid}`);
}

export function uidRangeDraft(dice: Dice): Draft {
  const { place, options } = drawPlace(dice, uidPlace);
  const most = dice.chance(50) ? MAX_UID : 99_999_999n;
  const spans = drawSpans(dice, most);
  const divdata = spans.map(({ start, end, upstream }) => ({ range: { start: Number(start), end: Number(end) }, upstream }));
  const texts = edges(dice, spans, most).map((uid) => (dice.chance(10) ? `00${uid}` : `${uid}`));
  const odd = ["", "-1", "+5", "5.0", "1e3", "0x10", "５", "9007199254740993", "99999999999999999999", "1 ", "abc"];
  return {
    policy: { divtype: "uidrange", ...options, divdata } as Draft["policy"],
    directives: (name) => {
      const nets = spans.flatMap(({ start, end, upstream }) =>
        prefixes(digitsAsAddress(start), digitsAsAddress(end), IPV6_BITS).map(([first, bits]) => `${grouped(first)}/${bits} ${upstream}`),
      );
      const padded = `"0000000000000000${variableOf(place)}"`;
      return (
        mapBlock(padded, `$${name}_address`, ['"~^0*([0-9]{4})([0-9]{4})([0-9]{4})([0-9]{4})\\z" 0:0:0:0:$1:$2:$3:$4']) +
        geoBlock(`$${name}_address`, `$${name}_net`, ['default ""', ...nets]) +
        // Without any digit the padding alone would be the uid 0.
        mapBlock(variableOf(place), `$${name}`, ['"" ""'], `$${name}_net`)
      );
    },
    probes: [...texts, ...odd.map((text) => Buffer.from(text).toString("latin1"))].map((value) => ({ place, value })),
  };
}

const STRICT_IPV4 = '"~^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\\.(?!\\z)|\\z)){4}(?<=[0-9])\\z"';

/** `07` is octal to some and decimal to nginx; dygateway takes neither. */
const LEADING_ZERO = '"~[:.]0[0-9]+\\.|\\.0[0-9]"';

/**
 * What nginx makes of an address: the kind tells IPv4, also as `::ffff:1.2.3.4`, from IPv6 and from everything else,
 * which `geo` would take for 255.255.255.255.
 */
function addressDirectives(source: string, name: string, four: readonly string[], six: readonly string[]): string {
  return (
    geoBlock(source, `$${name}_family`, ["default 0", "0.0.0.0/1 4", "128.0.0.0/1 4", "255.255.255.255 0", "::/1 6", "8000::/1 6"]) +
    mapBlock(source, `$${name}_kind`, [`${STRICT_IPV4} 4`, `${LEADING_ZERO} 0`, `"~:" $${name}_family`], "0") +
    geoBlock(source, `$${name}_four`, [...four, 'default ""']) +
    geoBlock(source, `$${name}_six`, ['default ""', ...six]) +
    mapBlock(`$${name}_kind`, `$${name}`, [`4 $${name}_four`, `6 $${name}_six`])
  );
}

/** nginx takes ranges of IPv4 addresses, but none that ends with the last address. */
function ipv4Lines(spans: readonly Span[]): string[] {
  if (spans.every(({ end }) => end < MAX_IPV4)) {
    return ["ranges", ...spans.map(({ start, end, upstream }) => `${dotted(start)}-${dotted(end)} ${upstream}`)];
  }
  return spans.flatMap(({ start, end, upstream }) => prefixes(start, end, 32).map(([first, bits]) => `${dotted(first)}/${bits} ${upstream}`));
}

function ipv6Lines(spans: readonly Span[]): string[] {
  return spans.flatMap(({ start, end, upstream }) =>
    prefixes(start, end, IPV6_BITS).map(([first, bits]) => `${grouped(first)}/${bits} ${upstream}`),
  );
}

/** One range in any form that an operator may write. */
function ipv4Range(dice: Dice, { start, end }: Span): unknown {
  const [only, ...more] = prefixes(start, end, 32);
  const forms: unknown[] = [
    { start: Number(start), end: Number(end) },
    { start: dotted(start), end: dotted(end) },
    `${dotted(start)}-${dotted(end)}`,
    `::ffff:${dotted(start)}-::FFFF:${dotted(end)}`,
  ];
  if (only !== undefined && more.length === 0) {
    forms.push(`${dotted(start)}/${only[1]}`, ...(only[1] === 32 ? [dotted(start)] : []));
  }
  return dice.pick(forms);
}

/** With the longest run of zero groups left out, or as it is, or in capitals. */
function ipv6Text(dice: Dice, address: bigint): string {
  const text = grouped(address);
  const runs = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((run) => run[0]);
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  const short = longest === undefined ? text : text.replace(longest, ":").replace(/^:$|^:(?=[^:])|:$/, "::");
  return dice.pick([text, short, text.toUpperCase()]);
}

function ipv6Range(dice: Dice, { start, end }: Span): unknown {
  const [only, ...more] = prefixes(start, end, IPV6_BITS);
  const forms: unknown[] = [`${grouped(start)}-${grouped(end)}`, { start: ipv6Text(dice, start), end: grouped(end) }];
  if (only !== undefined && more.length === 0) {
    forms.push(`${ipv6Text(dice, start)}/${only[1]}`);
  }
  return dice.pick(forms);
}

function drawIpv6Spans(dice: Dice): Span[] {
  const base = dice.pick([0x2001_0db8n << 96n, 0xfdn << 120n, 1n << 64n, 0xfe80n << 112n]);
  const step = dice.pick([0n, 32n, 64n]);
  return drawSpans(dice, 2n ** 48n - 1n)
    .slice(0, 40)
    .map(({ start, end, upstream }) => ({ start: base + (start << step), end: base + ((end + 1n) << step) - 1n, upstream }));
}

export function ipRangeDraft(dice: Dice): Draft {
  const { place, options } = drawPlace(dice, ipPlace);
  const has6 = dice.chance(40);
  const spans = has6 && dice.chance(20) ? [] : drawSpans(dice, MAX_IPV4);
  const spans6 = has6 ? drawIpv6Spans(dice) : [];
  const rules = [
    ...spans.map((span) => ({ range: ipv4Range(dice, span), upstream: span.upstream })),
    ...spans6.map((span) => ({ range: ipv6Range(dice, span), upstream: span.upstream })),
  ];
  const texts = edges(dice, spans, MAX_IPV4).map((address) => {
    const low = (address & 0xffffn).toString(16);
    const high = (address >> 16n).toString(16);
    const mapped = address === MAX_IPV4 ? dotted(address) : dice.pick([`::ffff:${dotted(address)}`, `0:0:0:0:0:FFFF:${high}:${low}`]);
    return dice.chance(15) ? mapped : dotted(address);
  });
  const texts6 = edges(dice, spans6, 2n ** 128n - 1n).map((address) => ipv6Text(dice, address));
  const odd = ["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4:80", "[::1]", "::1", "::", "fe80::1%eth0", "1234", "unix:", "a.b.c.d"];
  return {
    policy: { divtype: "iprange", ...options, divdata: dice.shuffled(rules) } as Draft["policy"],
    directives: (name) => addressDirectives(variableOf(place), name, ipv4Lines(spans), ipv6Lines(spans6)),
    probes: [...texts, ...texts6, ...odd].map((value) => ({ place, value })),
  };
}
