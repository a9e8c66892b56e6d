import { finish as finishRequest, finishWhole as finishRequestWhole } from "../gateway/finish.ts";

/** For `log_by_lua_block`, at the http level: a location that has one of its own calls this in it. */
export function finish(): void {
  finishRequest();
}

/** The same in a location that the renderer knows whole: its requests end in it as they were answered. */
export function finishWhole(): void {
  finishRequestWhole();
}
