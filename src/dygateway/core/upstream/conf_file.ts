import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, noPause, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { readBlocks } from "./conf_blocks.ts";
import type { ConfBlock } from "./conf_blocks.ts";
import { hideBlocks, revealBlocks } from "./conf_hide.ts";
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

/**
 * Puts the two together; what the dynamic ones replace is hidden.
 * @param section in pieces: with thousands of upstreams it is megabytes, and a copy of it the collector's work.
 * @param names of the dynamic ones.
 */
function join(own: string, section: readonly string[], names: readonly string[], pause: Pause): Result<string> {
  if (names.length === 0) {
    return success(own);
  }
  const blocks = readBlocks(own, pause);
  if (!blocks.ok) {
    return blocks;
  }
  const replaced: Lookup<boolean> = lookup();
  for (const name of names) {
    replaced[foldedName(name)] = true;
  }
  const kept = hideBlocks(own, blocks.value.filter((block) => replaced[foldedName(block.name)] === true));
  return success([kept, kept === "" || kept.endsWith("\n") ? "\n" : "\n\n", ...section, "\n"].join(""));
}

/** The section of dynamic upstreams around what stands in it. */
function sectionOf(printed: string, revision: number): string[] {
  const head =
    `${BEGIN}: upstreams set at run time${REVISION}${revision}. Written by the gateway: edits down to\n` +
    `# the line with <<< are lost. Definitions above that they replace stand behind "#dygateway:".\n`;
  return [head, printed, `\n${END}`];
}

/** What stands in the section. */
function printDynamic(dynamic: readonly DynamicUpstream[], pause: Pause): string {
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
 * @returns the text, or why the file cannot be read: an operator's edit is never thrown away.
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
  const names = dynamic.map((upstream) => upstream.name);
  return join(sections.value.own, sectionOf(printDynamic(dynamic, pause), revision), names, pause);
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

/** As `composeConf`; but where nothing but the revision would differ, the text that is there. */
export function updateConf(
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
  const names = dynamic.map((upstream) => upstream.name);
  const printed = printDynamic(dynamic, pause);
  pause();
  const written = existing.indexOf(printed) < 0 ? undefined : writtenRevision(existing);
  pause();
  const same = written === undefined ? undefined : join(own, sectionOf(printed, written), names, pause);
  pause();
  return same?.ok === true && same.value === existing ? same : join(own, sectionOf(printed, revision), names, pause);
}

/** Names that a dynamic section speaks of. */
function sectionNames(dynamic: string, blocks: readonly ConfBlock[]): string[] {
  const names = blocks.map((block) => block.name);
  for (const line of dynamic.split("\n")) {
    if (line.startsWith(REMOVED)) {
      names.push(line.slice(REMOVED.length));
    }
  }
  return names;
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
  const dynamic = existing.slice(sections.value.from, sections.value.to);
  const blocks = readBlocks(dynamic, noPause);
  return blocks.ok ? join(fresh, [dynamic], sectionNames(dynamic, blocks.value), noPause) : blocks;
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
  const dynamics = readBlocks(text.slice(sections.value.from, sections.value.to), pause);
  return dynamics.ok ? success({ statics: statics.value, dynamics: dynamics.value }) : dynamics;
}
