import { finish as finishRequest } from "../gateway/finish.ts";

/** For `log_by_lua_block`, at the http level: a location that has one of its own calls this in it. */
export function finish(): void {
  finishRequest();
}
