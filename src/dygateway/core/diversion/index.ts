import { lookup, sortedKeys } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { arg } from "./arg.ts";
import { argCity } from "./arg_city.ts";
import { cookie } from "./cookie.ts";
import type { DiversionType } from "./diversion_type.ts";
import { header } from "./header.ts";
import { iprange } from "./iprange.ts";
import { percent } from "./percent.ts";
import { uidappoint } from "./uidappoint.ts";
import { uidrange } from "./uidrange.ts";
import { uidsuffix } from "./uidsuffix.ts";
import { url } from "./url.ts";

const all: readonly DiversionType[] = [
  iprange,
  uidrange,
  uidsuffix,
  uidappoint,
  argCity,
  url,
  percent,
  header,
  cookie,
  arg,
];

/** Every built-in type by its divtype: a new type is one file and one line above. */
export const diversionTypes: Lookup<DiversionType> = lookup();
for (const type of all) {
  diversionTypes[type.divtype] = type;
}

export const divtypeNames: readonly string[] = sortedKeys(diversionTypes);
