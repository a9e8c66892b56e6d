import { forget, remember } from "./tries.ts";
import { hasUpstreams, liveUpstream, upstreamOfBlock } from "./upstreams.ts";
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
  // Of a block where an error page has sent it here again, to a location that leaves `$backend` as it is.
  const upstream = liveUpstream(name) ?? upstreamOfBlock(name);
  if (upstream !== undefined) {
    remember(upstream, false);
    writeVariable("backend", upstream.block);
    return;
  }
  // It may have been with one of ours before an error page sent it here.
  forget(false);
  if (decided !== undefined) {
    writeVariable("backend", decided);
  }
}
