import type { Lookup } from "../core/lookup.ts";
import { raisedText } from "./foreign.ts";
import { logErrorSometimes } from "./log.ts";
import { requestFacts } from "./request_facts.ts";
import { runtimeOf } from "./snapshot.ts";

const variables = (ngx as unknown as { readonly var: Lookup<string | undefined> }).var;

/**
 * Decides which upstream a request goes to. The location's `$hostkey`, else the Host header, says whose runtime counts;
 * with no runtime, no match or a module that fails, `$backend` stays what the location set.
 */
export function rewrite(): void {
  const hostkey = variables["hostkey"];
  let runtime;
  if (hostkey !== undefined && hostkey !== "") {
    runtime = runtimeOf(hostkey);
  } else {
    const host = variables["http_host"];
    // `$host` is the same without port and in lower case: an operator writes a host's name, clients add to it.
    runtime = host === undefined ? undefined : (runtimeOf(host) ?? runtimeOf(variables["host"] ?? ""));
  }
  if (runtime === undefined) {
    return;
  }
  const [decided, upstream] = pcall(runtime.decide, requestFacts);
  if (!decided) {
    const reason = raisedText(upstream);
    logErrorSometimes(`decide ${runtime.hostname}`, `${runtime.hostname}: request went to its default upstream: ${reason}`);
  } else if (upstream !== undefined) {
    variables["backend"] = upstream;
  }
}
