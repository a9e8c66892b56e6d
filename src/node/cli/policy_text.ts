import { divdataBroken } from "../../dygateway/core/errors.ts";
import type { ReadPolicy } from "../../dygateway/core/store/policy_reads.ts";
import { printable } from "./printable.ts";
import { tableText } from "./table.ts";

/** A terminal's page; --json has all of a large policy. */
const mostRows = 40;
const hashes = 2 ** 32;

/** A stored policy as its rules, for a person. */
export function policyText(title: string, policy: ReadPolicy): string {
  const { name, userinfo, salt } = policy.meta;
  const facts = [
    policy.divtype,
    ...(name === undefined ? [] : [`name '${name}'`]),
    ...(userinfo === undefined ? [] : [`userinfo ${userinfo}`]),
    ...(salt === undefined ? [] : [`salt '${salt}'`]),
  ];
  const rows = rowsOf(policy);
  const rest = rows.length - mostRows;
  return [
    `${title}: ${printable(facts.join(", "))}`,
    tableText([headingOf(policy), "upstream"], rows.slice(0, mostRows)),
    ...(rest > 0 ? [`… and ${rest} more; --json has all of them`] : []),
  ].join("\n");
}

const headings: Readonly<Record<string, string>> = {
  iprange: "addresses",
  uidrange: "uids",
  uidsuffix: "suffix",
  uidappoint: "uid",
  arg_city: "city",
  url: "uri",
  percent: "share",
};

const headingOf = (policy: ReadPolicy): string => headings[policy.divtype] ?? (policy.storage === "list" ? "name:value" : "rule");

type Row = readonly [rule: string, upstream: string];

function rowsOf(policy: ReadPolicy): Row[] {
  const pairs = pairsOf(policy.pairs);
  if (policy.storage === "list") return pairs;
  if (policy.storage === "hash") return pairs.sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  const ranges = rangesOf(pairs, wordsOf(policy.divtype)) ?? pairs.map(([member, score]): Row => [score, member]);
  return [...ranges, ...pairsOf(policy.ipv6).map(([member]) => ipv6Row(member))];
}

function pairsOf(flat: readonly string[]): [string, string][] {
  return flat.flatMap((first, i) => (i % 2 === 0 ? [[first, flat[i + 1] ?? ""] as [string, string]] : []));
}

type RangeWords = (start: number, end: number) => string;

/** The rules of a sorted set by the contract's layout; undefined where it is not in that layout. */
function rangesOf(pairs: readonly (readonly [string, string])[], words: RangeWords): Row[] | undefined {
  const rows: Row[] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const [start, end] = [pairs[i], pairs[i + 1]];
    const upstream = start?.[0].startsWith(`${i}:`) === true ? start[0].slice(`${i}:`.length) : undefined;
    if (start === undefined || upstream === undefined || end?.[0] !== `${i + 1}:${upstream}`) return undefined;
    rows.push([words(Math.round(Number(start[1]) + 0.3), Math.round(Number(end[1]) - 0.3)), upstream]);
  }
  return rows;
}

function wordsOf(divtype: string): RangeWords {
  if (divtype === "iprange") return (start, end) => joined(dotted(start), dotted(end));
  if (divtype === "percent") return (start, end) => `${percentOf(start)} - ${percentOf(end + 1)} %`;
  return (start, end) => joined(`${start}`, `${end}`);
}

const joined = (start: string, end: string): string => (start === end ? start : `${start} - ${end}`);
const percentOf = (hash: number): string => `${Math.round((hash / hashes) * 10_000) / 100}`;
const dotted = (address: number): string => [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join(".");

function ipv6Row(member: string): Row {
  const [, start, end, upstream] = /^([0-9a-f]{32})-([0-9a-f]{32}):(.*)$/s.exec(member) ?? [];
  if (start === undefined || end === undefined) return [divdataBroken(member).desc, ""];
  return [joined(grouped(start), grouped(end)), upstream ?? ""];
}

/** An address in its usual short form. */
const grouped = (digits: string): string =>
  new URL(`http://[${(digits.match(/.{4}/g) ?? []).join(":")}]`).hostname.slice(1, -1);
