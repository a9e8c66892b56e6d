import { closingBlock, keepaliveBlock } from "../core/upstream/name.ts";
import { forget, recall, remember } from "./tries.ts";
import { hasUpstreams, liveUpstream } from "./upstreams.ts";
import { readVariable, writeVariable } from "./variables.ts";

/**
 * Sends the request where a diversion has decided, else where its location says by `$backend`. A dynamic upstream is
 * remembered and `$backend` becomes the block of nginx.conf that asks us for a peer; any other name, or an address, is
 * for nginx to know.
 * @inlined
 */
export function route(decided: string | undefined): void {
  if (!hasUpstreams()) {
    if (decided !== undefined) {
      writeVariable("backend", decided);
    }
    return;
  }
  const name = decided ?? readVariable("backend") ?? "";
  let upstream = liveUpstream(name);
  if (upstream === undefined && (name === keepaliveBlock || name === closingBlock)) {
    // An error page has sent it here again, to a location that leaves `$backend` as it is.
    upstream = recall()?.upstream;
  }
  if (upstream !== undefined) {
    remember(upstream);
    writeVariable("backend", upstream.block);
    return;
  }
  // It may have been with one of ours before an error page sent it here.
  forget();
  if (decided !== undefined) {
    writeVariable("backend", decided);
  }
}
