/**
 * Where a `*_by_lua_block` ends: behind the brace that closes the one before `start`, or -1. Braces in Lua's texts and
 * comments do not count, as in lua-nginx-module's own lexer.
 */
export function endOfLuaBlock(text: string, start: number): number {
  let depth = 1;
  const piece = /--\[(=*)\[[^]*?\]\1\]|--[^\n]*|\[(=*)\[[^]*?\]\2\]|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|[{}]/g;
  piece.lastIndex = start;
  for (let found = piece.exec(text); found !== null; found = piece.exec(text)) {
    if (found[0] === "{") depth += 1;
    if (found[0] === "}") depth -= 1;
    if (depth === 0) return piece.lastIndex;
  }
  return -1;
}
