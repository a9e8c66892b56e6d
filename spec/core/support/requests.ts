import { plainNumber } from "../../../src/dygateway/core/decimal.ts";
import { lookup } from "../../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../../src/dygateway/core/lookup.ts";
import type { RequestFacts } from "../../../src/dygateway/core/userinfo/request_facts.ts";

/** A request by its nginx variables, name and value in turn. */
export function request(variables: readonly string[], address?: string): RequestFacts {
  const table: Lookup<string> = lookup();
  for (let i = 0; i + 1 < variables.length; i += 2) {
    table[variables[i] ?? ""] = variables[i + 1] ?? "";
  }
  return { variable: (name) => table[name], number: (name) => plainNumber(table[name] ?? ""), clientAddress: () => address };
}

export const emptyRequest: RequestFacts = request([]);
