import type { ConfBlock } from "./conf_blocks.ts";

/** Begins each line of a definition that is not in force, and each further piece of a line too long for one comment. */
const HIDDEN = "#dygateway: ";
const CONTINUED = "#dygateway+ ";

/** nginx reads a file in pieces of 4096 bytes, and no comment may be longer; a character has at most three of them. */
const LONGEST_PIECE = 1000;

function isBlank(text: string): boolean {
  return text.trim() === "";
}

/** Where a character stands last before `end`; -1 where it does not. */
function lastBefore(text: string, character: string, end: number): number {
  for (let at = end - 1; at >= 0; at--) {
    if (text.charAt(at) === character) {
      return at;
    }
  }
  return -1;
}

/** Where a line is cut: at a space if there is one, so that no character of several bytes is. */
function pieceEnd(line: string, from: number): number {
  if (line.length - from <= LONGEST_PIECE) {
    return line.length;
  }
  const space = lastBefore(line, " ", from + LONGEST_PIECE);
  return space > from ? space : from + LONGEST_PIECE;
}

function hiddenLine(line: string): string {
  const pieces: string[] = [];
  let from = 0;
  do {
    const end = pieceEnd(line, from);
    pieces.push((from === 0 ? HIDDEN : CONTINUED) + line.slice(from, end));
    from = end;
  } while (from < line.length);
  return pieces.join("\n");
}

/**
 * The text with some of its blocks behind comments, whole lines of them. What shares a line with a block moves to a
 * line of its own.
 */
export function hideBlocks(text: string, blocks: readonly ConfBlock[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of blocks) {
    const before = text.slice(at, from);
    const lineStart = lastBefore(before, "\n", before.length) + 1;
    const indent = before.slice(lineStart);
    const isOwnLine = isBlank(indent);
    parts.push(isOwnLine ? before.slice(0, lineStart) : `${before}\n`);
    const hidden = (isOwnLine ? indent : "") + text.slice(from, to);
    parts.push(hidden.split("\n").map((line) => hiddenLine(line)).join("\n"));
    parts.push("\n");
    // The line break behind it is the one just written.
    at = text.charAt(to) === "\n" ? to + 1 : to;
  }
  parts.push(text.slice(at));
  return parts.join("");
}

/** The text with every hidden definition in force again. */
export function revealBlocks(text: string): string {
  if (text.indexOf(HIDDEN) < 0) {
    return text;
  }
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith(HIDDEN)) {
      lines.push(line.slice(HIDDEN.length));
    } else if (line.startsWith(CONTINUED) && lines.length > 0) {
      lines[lines.length - 1] = `${lines[lines.length - 1]!}${line.slice(CONTINUED.length)}`;
    } else {
      lines.push(line);
    }
  }
  return lines.join("\n");
}
