import { utf8Bytes } from "../json/utf8.ts";
import { argVariable } from "../userinfo/source.ts";
import type { DiversionType } from "./diversion_type.ts";
import { namedValueType } from "./named_value.ts";
import { decodeArgument } from "./percent_decode.ts";

/**
 * By equality of a named query argument, decoded: `{"name":"channel","value":"内测","upstream":"beta1"}`. (`arg_city`
 * compares the text as it was sent, as it always did.)
 */
export const arg: DiversionType = namedValueType({
  divtype: "arg",
  variable: (name) => argVariable(name),
  ruleValue: (value) => utf8Bytes(value),
  requestValue: (value) => decodeArgument(value),
});
