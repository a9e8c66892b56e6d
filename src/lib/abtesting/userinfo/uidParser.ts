import { parsers } from "../../../dygateway/core/userinfo/parsers.ts";
import { requestFacts } from "../../../dygateway/gateway/request_facts.ts";

/** The request header `X-Uid`. */
export function get(): string | undefined {
  return parsers["uidParser"]!.read(requestFacts);
}
