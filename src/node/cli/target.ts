import type { Parameters } from "../../dygateway/core/admin/parameters.ts";
import { lookup } from "../../dygateway/core/lookup.ts";
import { printable } from "./printable.ts";
import { CommandFailure } from "./terminal.ts";

/** Values by the names that /ab_admin's parameters have, for the core to judge; those that are undefined are left out. */
export function parametersOf(values: Readonly<Record<string, string | undefined>>): Parameters {
  const parameters: Parameters = lookup();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) parameters[name] = value;
  return parameters;
}

/** An id and a name that may both point at something: one of them has to. */
export function oneTarget(id: string | undefined, name: string | undefined): void {
  if (id !== undefined && name !== undefined) throw new CommandFailure("an ID and --name do not go together");
  if (id === undefined && name === undefined) throw new CommandFailure("an ID or --name is expected");
}

/** What an operator pointed at, in words. */
export function targetWords(kind: string, id: string | undefined, name: string | undefined): string {
  return name === undefined ? `${kind} ${printable(id ?? "")}` : `${kind} '${printable(name)}'`;
}
