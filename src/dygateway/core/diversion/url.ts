import type { DiversionType } from "./diversion_type.ts";
import { keyMatcherBuilder } from "./key_matcher.ts";
import { checkKeyRules } from "./key_rules.ts";
import { textOf } from "./rule.ts";

/** By nginx's `$uri`, the decoded and normalised path: `{"url":"/api/v1/feed","upstream":"beta1"}`. */
export const url: DiversionType = {
  divtype: "url",
  parser: "urlParser",
  storage: "hash",
  takesUserinfo: true,
  check: (rules, pause) => checkKeyRules(rules, "url", textOf, "a path", pause),
  builder: () => keyMatcherBuilder("url"),
};
