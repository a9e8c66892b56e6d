import type { DiversionType } from "./diversion_type.ts";
import { keyMatcherBuilder } from "./key_matcher.ts";
import { checkKeyRules } from "./key_rules.ts";
import { textOf } from "./rule.ts";

/** By the query argument `city`, compared as it was sent: `{"city":"BJ","upstream":"beta1"}`. */
export const argCity: DiversionType = {
  divtype: "arg_city",
  parser: "cityParser",
  storage: "hash",
  takesUserinfo: true,
  check: (rules, pause) => checkKeyRules(rules, "city", textOf, "a text", pause),
  builder: () => keyMatcherBuilder("city"),
};
