import { divtypeNeedsLua } from "../../dygateway/core/errors.ts";
import type { ForeignDivtypes } from "../../dygateway/core/policy/policy.ts";
import { failure } from "../../dygateway/core/result.ts";

/**
 * The divtypes that a configuration registers. They can be put in force from here, which needs no more than their
 * parser's name; their rules are checked and run by Lua modules that only the gateway has.
 */
export function foreignDivtypes(registered: Readonly<Record<string, string>>): ForeignDivtypes {
  const parsers = new Map(Object.entries(registered));
  return {
    names: () => [...parsers.keys()].sort(),
    parser: (divtype) => parsers.get(divtype),
    check: (divtype) => failure(divtypeNeedsLua(divtype)),
  };
}
