import { parsers } from "../../../dygateway/core/userinfo/parsers.ts";
import { requestFacts } from "../../../dygateway/gateway/request_facts.ts";

/** The query argument `city`, as it was sent. */
export function get(): string | undefined {
  return parsers["cityParser"]!.read(requestFacts);
}
