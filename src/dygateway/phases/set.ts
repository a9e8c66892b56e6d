import { chooseWayToDefault } from "../gateway/choose_way.ts";

/* For `set_by_lua_block`, in locations that the renderer knows whole. */

export { chooseWay as divert } from "../gateway/choose_way.ts";

/** For locations that divert nobody and whose upstream may be a dynamic one. LuaJIT starts to compile here. */
export function balance(otherwise: string): string {
  const way = chooseWayToDefault(otherwise);
  return way;
}
