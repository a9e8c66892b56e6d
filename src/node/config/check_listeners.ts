import { canonicalAddress } from "./address.ts";
import { adminAddressOf, listenersOf } from "./model.ts";
import type { ConfigPath, Problem } from "./problem.ts";
import * as problems from "./problems.ts";
import type { Config } from "./schema.ts";

/** Every address once, the admin's among them. */
export function checkListeners(config: Config): Problem[] {
  const taken = new Map<string, ConfigPath>([[canonicalAddress(adminAddressOf(config)), ["admin", "listen"]]]);
  const found: Problem[] = [];
  for (const listener of listenersOf(config)) {
    const path = ["listeners", listener.name];
    const address = canonicalAddress(listener.address);
    const first = taken.get(address);
    if (first === undefined) taken.set(address, path);
    else found.push(problems.listenTwice(path, address, first));
    if (listener.http2 && !listener.tls) found.push(problems.http2WithoutTls([...path, "http2"]));
  }
  return found;
}
