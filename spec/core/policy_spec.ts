import { checkPolicyGroup } from "../../src/dygateway/core/policy/policy_group.ts";
import type { CheckedGroup } from "../../src/dygateway/core/policy/policy_group.ts";
import { checkPolicy } from "../../src/dygateway/core/policy/policy.ts";
import type { ForeignDivtypes } from "../../src/dygateway/core/policy/policy.ts";
import { policyInvalid } from "../../src/dygateway/core/errors.ts";
import { parsers } from "../../src/dygateway/core/userinfo/parsers.ts";
import { failure, noPause, success } from "../../src/dygateway/core/result.ts";
import type { Result } from "../../src/dygateway/core/result.ts";
import { acceptedPolicies, goodPolicy, refusedGroups, refusedPolicies } from "../cases/policy_cases.ts";
import { equal, isTrue, show } from "../support/assert.ts";
import { json } from "./support/json.ts";
import { checkText, noForeign } from "./support/policies.ts";
import { errorOf, refused, valueOf } from "./support/results.ts";

function checkGroup(text: string): Result<CheckedGroup> {
  return checkPolicyGroup(json(text), noForeign, noPause);
}

/** A gateway that has one Lua module, `my_city`, whose divdata must be a text. */
const foreign: ForeignDivtypes = {
  names: () => ["my_city"],
  parser: (divtype) => (divtype === "my_city" ? "my_cityParser" : undefined),
  check: (_divtype, divdata) =>
    typeof divdata === "string" ? success((key) => success([["SET", key, divdata]])) : failure(policyInvalid(0, "the module said no")),
};

describe("a policy", () => {
  for (const [policy, code, words] of refusedPolicies) {
    it(`is refused with ${code}: ${show(policy.slice(0, 100))} (${words})`, () => {
      refused(checkText(policy), code, words);
    });
  }

  for (const [policy, parser, name, userinfo, salt] of acceptedPolicies) {
    it(`is accepted: ${show(policy.slice(0, 100))}`, () => {
      const checked = valueOf(checkText(policy));
      equal(checked.parser, parser);
      const given = (value: string | undefined): string | undefined => (value === "" ? undefined : value);
      equal(checked.meta, { name: given(name), userinfo: given(userinfo), salt: given(salt) });
      isTrue(parsers[parser] !== undefined, `there is no parser ${parser}`);
    });
  }

  it("of a Lua module is the module's to check", () => {
    const check = (text: string): ReturnType<typeof checkPolicy> => checkPolicy(json(text), foreign, noPause);
    const checked = valueOf(check('{"divtype":"my_city","divdata":"BJ","name":"n","userinfo":"arg:town"}'));
    equal([checked.divtype, checked.parser, checked.meta.name, checked.meta.userinfo], ["my_city", "my_cityParser", "n", "arg:town"]);
    const write = checked.rules.kind === "foreign" ? valueOf(checked.rules.write("k")) : [];
    equal(write, [["SET", "k", "BJ"]]);
    refused(check('{"divtype":"my_city","divdata":[]}'), 50201, "the module said no");
    refused(check('{"divtype":"my_city"}'), 50101, "divdata");
    refused(check('{"divtype":"my_city","divdata":"BJ","salt":"s"}'), 50201, "salt");
    refused(check('{"divtype":"other","divdata":"BJ"}'), 50104, "url, my_city");
  });
});

describe("a policy group", () => {
  for (const [group, code, words] of refusedGroups) {
    it(`is refused with ${code}: ${show(group.slice(0, 100))} (${words})`, () => {
      refused(checkGroup(group), code, words);
    });
  }

  it("gives its policies in the order of their levels, however they are written", () => {
    const city = '{"divtype":"arg_city","divdata":[{"city":"BJ","upstream":"a"}],"name":"n1"}';
    const url = '{"divtype":"url","divdata":[{"url":"/a","upstream":"a"}],"name":"n2"}';
    const group = valueOf(checkGroup(`{"3":${goodPolicy},"name":"g","1":${city},"2":${url}}`));
    equal(group.name, "g");
    equal(group.policies.map((policy) => policy.divtype), ["arg_city", "url", "uidsuffix"]);
    equal(valueOf(checkGroup(`{"1":${goodPolicy}}`)).name, undefined);
  });

  it("has up to ten levels", () => {
    const levels = (count: number): string => {
      const parts: string[] = [];
      for (let level = 1; level <= count; level++) {
        parts.push(`"${level}":${goodPolicy}`);
      }
      return `{${parts.join(",")}}`;
    };
    equal(valueOf(checkGroup(levels(10))).policies.length, 10);
    const error = errorOf(checkGroup(levels(11)));
    equal(error, { code: 50104, desc: "parameter type error for policyGroup: 11 levels, at most 10 are possible" });
  });
});
