export type LuaToken = string & { readonly luaToken: unique symbol };

export const luaNil = "nil" as LuaToken;

/**
 * A Lua string literal for an `*_by_lua_block`. All but plain path characters become `\ddd` byte escapes, so that
 * neither Lua nor nginx' search for the block's end (quotes, braces, long brackets, comments) sees anything special.
 */
export function luaString(value: string): LuaToken {
  let text = "";
  for (const byte of Buffer.from(value, "utf8")) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9_./ -]/.test(char) ? char : `\\${String(byte).padStart(3, "0")}`;
  }
  // Two hyphens would be a comment for a reader that lost track of the quotes.
  return `"${text.replaceAll("--", "-\\045")}"` as LuaToken;
}
