import { route } from "../gateway/route.ts";
import { lookFirst } from "../gateway/snapshot.ts";

/** For `rewrite_by_lua_block`, in locations that divert nobody and whose `$backend` may be a dynamic upstream. */
export function balance(): void {
  lookFirst();
  route(undefined);
}
