import { cookieVariable } from "../userinfo/source.ts";
import type { DiversionType } from "./diversion_type.ts";
import { namedValueType } from "./named_value.ts";

/** By equality of a named cookie: `{"name":"group","value":"b","upstream":"beta1"}`. */
export const cookie: DiversionType = namedValueType({
  divtype: "cookie",
  variable: (name) => cookieVariable(name),
  ruleValue: (value) => value,
  requestValue: (value) => value,
});
