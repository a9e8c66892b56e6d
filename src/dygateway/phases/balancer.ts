import { balance } from "../gateway/balance.ts";

/**
 * For `balancer_by_lua_block`, in the two blocks that dynamic upstreams go through. LuaJIT starts to compile here, as in
 * the other phases: what it calls is `@inlined`.
 */
export function pick(): void {
  balance();
}
