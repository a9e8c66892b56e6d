import type { WordReader } from "./parse_words.ts";

/** How many `=` a long bracket (`[[`, `[==[`) at a place has; -1 where there is none. */
function bracketLevel(text: string, at: number): number {
  let end = at + 1;
  while (text.charAt(end) === "=") {
    end++;
  }
  return text.charAt(at) === "[" && text.charAt(end) === "[" ? end - at - 1 : -1;
}

/** Past a long bracket, or past the end of the line where there is none. */
function skipLong(text: string, at: number, otherwise: number): number {
  const level = bracketLevel(text, at);
  if (level < 0) {
    return otherwise;
  }
  const close = text.indexOf(`]${"=".repeat(level)}]`, at + level + 2);
  return close < 0 ? text.length : close + level + 2;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

function skipString(text: string, at: number): number {
  const quote = text.charAt(at);
  let end = at + 1;
  while (end < text.length && text.charAt(end) !== quote) {
    end += text.charAt(end) === "\\" ? 2 : 1;
  }
  return end + 1;
}

/**
 * Past the brace that closes a `*_by_lua_block` whose opening brace has been read: braces in Lua's strings and comments
 * do not count, as the Lua module has it.
 *
 * @returns where the closing brace stands; -1, with a problem, where there is none.
 */
export function skipLuaBlock(reader: WordReader): number {
  const { text } = reader;
  let depth = 1;
  let at = reader.at;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"' || character === "'") {
      at = skipString(text, at);
    } else if (character === "-" && text.charAt(at + 1) === "-") {
      at = skipLong(text, at + 2, lineEnd(text, at));
    } else if (character === "[") {
      at = skipLong(text, at, at + 1);
    } else {
      depth += character === "{" ? 1 : character === "}" ? -1 : 0;
      at++;
      if (depth === 0) {
        reader.at = at;
        return at - 1;
      }
    }
  }
  reader.at = text.length;
  reader.problem = "a Lua block is not closed";
  return -1;
}
