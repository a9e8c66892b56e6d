import { parsers } from "../../../dygateway/core/userinfo/parsers.ts";
import { requestFacts } from "../../../dygateway/gateway/request_facts.ts";

/** nginx's `$uri`. */
export function get(): string | undefined {
  return parsers["urlParser"]!.read(requestFacts);
}
