import { success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import type { Upstream } from "./model.ts";
import { parseUpstreamBody } from "./parse.ts";

/** What is stored of an upstream that was removed although the nodes' upstream.conf has one of its name. */
export const removedBody = "removed;";

/** Stored text: an upstream, or `removed` for the tombstone. It may have been written by hand, so that it may be broken. */
export function parseStored(text: string, pause: Pause): Result<Upstream | "removed"> {
  return text === removedBody ? success("removed") : parseUpstreamBody(text, pause);
}
