import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { upstreamConfBroken } from "./errors.ts";
import { skipLuaBlock } from "./conf_lua.ts";
import { readStatement, wordReader } from "./parse_words.ts";
import type { WordReader } from "./parse_words.ts";

/** One `upstream NAME { … }` of an nginx file. */
export interface ConfBlock {
  readonly name: string;
  /** What stands between the braces, as it stands there. */
  readonly body: string;
  /** Where the whole of it begins and ends in the text. */
  readonly from: number;
  readonly to: number;
}

function lineAt(text: string, at: number): number {
  return text.slice(0, at).split("\n").length;
}

function isLuaBlock(words: readonly string[]): boolean {
  return words.length > 0 && words[0]!.endsWith("_by_lua_block");
}

/** Reads up to the brace that closes the block the reader is in. @returns where that brace stands; -1 for a problem. */
function skipBlock(reader: WordReader): number {
  for (let depth = 1; ; ) {
    const { words, end, to } = readStatement(reader);
    if (reader.problem === undefined && words.length > 0 && (end === "" || end === "}")) {
      reader.problem = `';' is missing after '${words[0]!}'`;
    }
    if (reader.problem === undefined && end === "") {
      reader.problem = "a block is not closed";
    }
    if (reader.problem !== undefined) {
      return -1;
    }
    if (end === "{") {
      if (isLuaBlock(words)) {
        skipLuaBlock(reader);
      } else {
        depth++;
      }
    } else if (end === "}") {
      depth--;
      if (depth === 0) {
        return to - 1;
      }
    }
  }
}

/** One statement at the top level, with its block. @returns the upstream that it is, if it is one. */
function readTopLevel(reader: WordReader): ConfBlock | undefined {
  const { words, end, from, to } = readStatement(reader);
  if (reader.problem !== undefined || end === ";") {
    return undefined;
  }
  if (end === "{") {
    const close = isLuaBlock(words) ? skipLuaBlock(reader) : skipBlock(reader);
    const isUpstream = words[0] === "upstream" && words.length === 2 && close >= 0;
    return isUpstream ? { name: words[1]!, body: reader.text.slice(to, close), from, to: reader.at } : undefined;
  }
  if (words.length > 0) {
    reader.problem = `';' is missing after '${words[0]!}'`;
  } else if (end === "}") {
    reader.problem = "an unexpected '}'";
  }
  return undefined;
}

/** The upstreams at the top level of an nginx file. */
export function readBlocks(text: string, pause: Pause): Result<ConfBlock[]> {
  const blocks: ConfBlock[] = [];
  const reader = wordReader(text, 0, pause);
  while (reader.at < text.length) {
    const block = readTopLevel(reader);
    if (reader.problem !== undefined) {
      return failure(upstreamConfBroken(lineAt(text, reader.at), reader.problem));
    }
    if (block !== undefined) {
      blocks.push(block);
    }
  }
  return success(blocks);
}
