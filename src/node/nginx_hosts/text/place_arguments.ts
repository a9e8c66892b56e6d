import { sound, unclosedText, unsound, withinArgument, type Checked } from "../problems.ts";
import { closed, opened } from "./arguments.ts";
import { endOfLuaBlock } from "./lua_block.ts";

const marks = new RegExp(`[${opened}${closed}]`, "g");

/**
 * Reads a finished file as nginx does (ngx_conf_read_token) and makes sure that every quoted argument is an argument of
 * its own. Returns the text without the marks.
 */
export function placeArguments(file: string, text: string): Checked<string> {
  let result = "";
  let line = 1;
  let previous = "";
  let token = "";
  const lineAt = (offset: number): number => text.slice(0, offset).split("\n").length;
  for (let i = 0; i < text.length; ) {
    const character = text.charAt(i);
    if (character === "\n") line += 1;
    if (character === opened) {
      const end = text.indexOf(closed, i);
      const value = text.slice(i + 1, end);
      const next = text.charAt(end + 1);
      if (token !== "" || (next !== "" && !/[\s;{)]/.test(next))) return unsound(withinArgument(file, line, value));
      result += value;
      token = "";
      previous = value;
      i = end + 1;
      continue;
    }
    let end = i + 1;
    if (/[\s;]/.test(character) || (character === "{" && !token.endsWith("$")) || (character === "}" && token === "")) {
      if (token !== "") previous = token;
      token = "";
      if (character === "{" && previous.endsWith("_by_lua_block")) end = endOfLuaBlock(text, end);
    } else if (token === "" && character === "#") {
      end = text.indexOf("\n", i);
      if (end < 0) end = text.length;
      // To nginx it is nothing, and no value has a line end.
      result += text.slice(i, end).replace(marks, "");
      i = end;
      continue;
    } else if (token === "" && (character === '"' || character === "'")) {
      end = endOfQuotes(text, i);
      previous = "";
    } else {
      token += character;
      if (character === "\\") token += text.charAt(end++);
    }
    if (end < i) {
      if (text.includes(opened, i)) return unsound(unclosedText(file, lineAt(i)));
      end = text.length;
    }
    const taken = text.slice(i, end);
    const mark = taken.indexOf(opened);
    if (mark >= 0) return unsound(withinArgument(file, lineAt(i + mark), taken.slice(mark + 1).split(closed)[0] ?? ""));
    if (end > i + 1) line += taken.split("\n").length - 1;
    result += taken;
    i = end;
  }
  return sound(result);
}

/** Behind the closing quote; -1 where there is none. */
function endOfQuotes(text: string, start: number): number {
  const quote = text.charAt(start);
  for (let i = start + 1; i < text.length; i += 1) {
    const character = text.charAt(i);
    if (character === "\\") i += 1;
    else if (character === quote) return i + 1;
  }
  return -1;
}
