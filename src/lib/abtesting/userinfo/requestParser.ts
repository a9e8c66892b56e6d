import { parsers } from "../../../dygateway/core/userinfo/parsers.ts";
import { requestFacts } from "../../../dygateway/gateway/request_facts.ts";

/** The empty text: the type reads what its rules name. */
export function get(): string | undefined {
  return parsers["requestParser"]!.read(requestFacts);
}
