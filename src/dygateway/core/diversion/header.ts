import { headerVariable } from "../userinfo/source.ts";
import type { DiversionType } from "./diversion_type.ts";
import { namedValueType } from "./named_value.ts";

/** By equality of a named request header: `{"name":"X-Env","value":"gray","upstream":"beta1"}`. */
export const header: DiversionType = namedValueType({
  divtype: "header",
  variable: (name) => headerVariable(name),
  ruleValue: (value) => value,
  requestValue: (value) => value,
});
