import { crc32 } from "./balance/crc32.ts";
import { keepaliveBlock } from "./name.ts";

/*
 * All dynamic upstreams go through two blocks of nginx.conf, and nginx does not tell capitals from small letters in their
 * names. So each upstream writes the name of its block with capitals of its own: `$backend`, which subrequests share
 * with their request, says which upstream is meant, also where no rewrite phase of ours has run.
 */

/** Every pattern of capitals; 0, without any, is nobody's. */
export const PATTERNS = 131072;

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** The pattern that a name has unless another name has it already: the same in every worker and after every start. */
export function firstPattern(name: string): number {
  return (crc32(name) % (PATTERNS - 1)) + 1;
}

/** The one to look at next. */
export function nextPattern(pattern: number): number {
  return (pattern % (PATTERNS - 1)) + 1;
}

/** A block's name with a pattern's capitals, within the part that both blocks begin with. */
export function blockText(block: string, pattern: number): string {
  let text = "";
  let rest = pattern;
  for (let i = 0; i < keepaliveBlock.length; i++) {
    const letter = block.charAt(i);
    const isLetter = LETTERS.indexOf(letter) >= 0;
    text += isLetter && rest % 2 === 1 ? letter.toUpperCase() : letter;
    rest = isLetter ? Math.floor(rest / 2) : rest;
  }
  return text + block.slice(keepaliveBlock.length);
}
