import { parsers } from "../../../dygateway/core/userinfo/parsers.ts";
import { parseIpv4 } from "../../../dygateway/core/userinfo/address.ts";
import { requestFacts } from "../../../dygateway/gateway/request_facts.ts";

/** The client's IPv4 address as an unsigned 32-bit number, as plain Lua modules have always been given it. */
export function get(): number | undefined {
  const text = parsers["ipParser"]!.read(requestFacts);
  const address = text === undefined ? -1 : parseIpv4(text, 0);
  return address < 0 ? undefined : address;
}
