import { lookup, sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, noPause, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { readBlocks } from "./conf_blocks.ts";
import type { ConfBlock } from "./conf_blocks.ts";
import { hideBlocks, revealBlocks } from "./conf_hide.ts";
import { printStandIn } from "./conf_print.ts";
import { upstreamConfBroken } from "./errors.ts";
import { clashingNames, foldedName } from "./name.ts";

/** An upstream that was set at run time. */
export interface DynamicUpstream {
  readonly name: string;
  /** What `printConfBlock` makes of it; undefined: a definition of this name in the file is not in force. */
  readonly block: string | undefined;
}

/** What an upstream.conf holds. */
export interface UpstreamConf {
  /** Written by an operator, or rendered: also those that a dynamic one replaces. */
  readonly statics: readonly ConfBlock[];
  /** Written by the gateway, as of its last change. */
  readonly dynamics: readonly ConfBlock[];
  /** Written by the gateway, too: what stands in the place of those that were removed. */
  readonly standIns: readonly ConfBlock[];
}

const BEGIN = "# >>> dygateway";
const END = "# <<< dygateway";
const REMOVED = "# removed: ";
const REVISION = ", revision ";
/** Digits of 2^53. */
const LONGEST_REVISION = 16;

interface Sections {
  /** All that is not the gateway's, with nothing hidden. */
  readonly own: string;
  /** Where the first line of the gateway's begins and its last one ends; the same where there is none. */
  readonly from: number;
  readonly to: number;
}

/** Where a line that begins so does; -1 where there is none. */
function lineWith(text: string, start: string, from: number): number {
  if (from === 0 && text.startsWith(start)) {
    return 0;
  }
  const found = text.indexOf(`\n${start}`, from);
  return found < 0 ? -1 : found + 1;
}

function splitSections(text: string): Result<Sections> {
  const begin = lineWith(text, BEGIN, 0);
  if (begin < 0) {
    return success({ own: revealBlocks(text), from: 0, to: 0 });
  }
  const end = lineWith(text, END, begin);
  if (end < 0) {
    const line = text.slice(0, begin).split("\n").length;
    return failure(upstreamConfBroken(line, `the dynamic upstreams that begin here have no end (${END}); it was edited`));
  }
  const lineEnd = text.indexOf("\n", end);
  const after = lineEnd < 0 ? "" : text.slice(lineEnd + 1);
  // The empty line before it is the section's.
  const before = text.slice(0, begin > 0 ? begin - 1 : 0);
  return success({ own: revealBlocks(before + after), from: begin, to: lineEnd < 0 ? text.length : lineEnd });
}

/** By the names that nginx takes for one. */
function foldedNames(names: readonly string[]): Lookup<boolean> {
  const folded: Lookup<boolean> = lookup();
  for (const name of names) {
    folded[foldedName(name)] = true;
  }
  return folded;
}

/**
 * Puts the two together; what the dynamic ones replace is hidden.
 * @param blocks of `own`. @param names of the dynamic ones.
 * @param section in pieces: with thousands of upstreams it is megabytes, and a copy of it the collector's work.
 */
function join(own: string, blocks: readonly ConfBlock[], section: readonly string[], names: readonly string[]): string {
  const replaced = foldedNames(names);
  const kept = hideBlocks(own, blocks.filter((block) => replaced[foldedName(block.name)] === true));
  return [kept, kept === "" || kept.endsWith("\n") ? "\n" : "\n\n", ...section, "\n"].join("");
}

/** The section of dynamic upstreams around what stands in it. */
function sectionOf(printed: string, revision: number): string[] {
  const head =
    `${BEGIN}: upstreams set at run time${REVISION}${revision}. Written by the gateway: edits down to\n` +
    `# the line with <<< are lost. Definitions above that they replace stand behind "#dygateway:".\n`;
  return [head, printed, `\n${END}`];
}

/**
 * The removed ones of which the file has a definition, now hidden: nginx would not start while a location names one of
 * them that is nowhere.
 */
function missingNames(dynamic: readonly DynamicUpstream[], own: readonly ConfBlock[]): string[] {
  const isOwn = foldedNames(own.map(({ name }) => name));
  const isServed = foldedNames(dynamic.filter(({ block }) => block !== undefined).map(({ name }) => name));
  const missing: Lookup<string> = lookup();
  for (const { name, block } of dynamic) {
    const folded = foldedName(name);
    if (block === undefined && isOwn[folded] === true && isServed[folded] !== true) {
      missing[folded] = name;
    }
  }
  return sortedKeys(missing).map((folded) => missing[folded]!);
}

/** What stands in the section. @param own the blocks of the rest of the file. */
function printDynamic(dynamic: readonly DynamicUpstream[], own: readonly ConfBlock[], pause: Pause): string {
  const sorted = dynamic.slice().sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  pause();
  // nginx would refuse the whole file for two that it takes for one.
  const served = dynamic.filter(({ block }) => block !== undefined);
  const clashing = clashingNames(served.map(({ name }) => name));
  pause();
  const parts: string[] = [];
  for (const { name, block } of sorted) {
    if (block === undefined) {
      parts.push(`${REMOVED}${name}`);
    }
  }
  for (const name of missingNames(dynamic, own)) {
    parts.push(`\n${printStandIn(name)}`);
  }
  for (const { name, block } of sorted) {
    pause();
    const other = clashing[name];
    if (block !== undefined) {
      parts.push(other === undefined ? `\n${block}` : `\n# left out: ${name}, which nginx takes for ${other}`);
    }
  }
  return parts.join("\n");
}

/**
 * What upstream.conf is to hold: everything that is not the gateway's byte for byte, then the dynamic upstreams in a
 * marked section, valid for a plain nginx. The same input gives the same text.
 *
 * @param existing the file as it is; "" where there is none.
 * @param dynamic each name once. @param revision of the store, for people to read.
 * @returns the text, or why the file cannot be read: an operator's edit is never thrown away. Where nothing but the
 * revision would differ, the text that is there.
 */
export function composeConf(
  existing: string,
  dynamic: readonly DynamicUpstream[],
  revision: number,
  pause: Pause = noPause,
): Result<string> {
  const sections = splitSections(existing);
  if (!sections.ok) {
    return sections;
  }
  const { own } = sections.value;
  pause();
  if (dynamic.length === 0) {
    return success(own);
  }
  const blocks = readBlocks(own, pause);
  if (!blocks.ok) {
    return blocks;
  }
  const names = dynamic.map((upstream) => upstream.name);
  const printed = printDynamic(dynamic, blocks.value, pause);
  pause();
  const written = existing.indexOf(printed) < 0 ? undefined : writtenRevision(existing);
  pause();
  const same = written === undefined ? undefined : join(own, blocks.value, sectionOf(printed, written), names);
  pause();
  return success(same === existing ? same : join(own, blocks.value, sectionOf(printed, revision), names));
}

/** The revision that stands in a file; undefined where nothing that was set at run time was written to it yet. */
export function writtenRevision(text: string): number | undefined {
  const begin = lineWith(text, BEGIN, 0);
  if (begin < 0) {
    return undefined;
  }
  const at = text.indexOf(REVISION, begin);
  const revision = at < 0 ? NaN : parseInt(text.slice(at + REVISION.length, at + REVISION.length + LONGEST_REVISION), 10);
  return Number.isNaN(revision) ? 0 : revision;
}

/** The removed ones that a dynamic section speaks of. */
function removedNames(section: string): string[] {
  const lines = section.split("\n").filter((line) => line.startsWith(REMOVED));
  return lines.map((line) => line.slice(REMOVED.length));
}

/**
 * A newly rendered upstream.conf with the dynamic upstreams of the one that is there.
 *
 * @param fresh what was rendered. @param existing the file that it is to replace; "" where there is none.
 */
export function carryDynamic(fresh: string, existing: string): Result<string> {
  const sections = splitSections(existing);
  if (!sections.ok) {
    return sections;
  }
  const section = existing.slice(sections.value.from, sections.value.to);
  const dynamics = readBlocks(section, noPause);
  if (!dynamics.ok) {
    return dynamics;
  }
  const names = [...dynamics.value.map((block) => block.name), ...removedNames(section)];
  if (names.length === 0) {
    return success(fresh);
  }
  const blocks = readBlocks(fresh, noPause);
  return blocks.ok ? success(join(fresh, blocks.value, [section], names)) : blocks;
}

/** The upstreams of an upstream.conf. */
export function parseConf(text: string, pause: Pause): Result<UpstreamConf> {
  const sections = splitSections(text);
  if (!sections.ok) {
    return sections;
  }
  const statics = readBlocks(sections.value.own, pause);
  if (!statics.ok) {
    return statics;
  }
  const section = text.slice(sections.value.from, sections.value.to);
  const written = readBlocks(section, pause);
  if (!written.ok) {
    return written;
  }
  const removed: Lookup<boolean> = lookup();
  for (const name of removedNames(section)) {
    removed[name] = true;
  }
  return success({
    statics: statics.value,
    dynamics: written.value.filter(({ name }) => removed[name] !== true),
    standIns: written.value.filter(({ name }) => removed[name] === true),
  });
}
