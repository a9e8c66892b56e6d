import { divtypeNames } from "../../src/dygateway/core/diversion/index.ts";
import { goodKeys, refusedForAll, refusedOfTypes, refusedRanges } from "../cases/refused_rules.ts";
import { storedRulesCases } from "../cases/stored_rules.ts";
import { contains, equal, show } from "../support/assert.ts";
import { checkText, compileStored, policyText, storedRules } from "./support/policies.ts";
import { errorOf, refused, valueOf } from "./support/results.ts";

function short(text: string): string {
  return show(text.length > 90 ? `${text.slice(0, 90)}…` : text);
}

describe("rules", () => {
  for (const { name, divtype, rules, divdata, ipv6 } of storedRulesCases) {
    it(`of ${divtype} are stored as ${name}`, () => {
      const stored = storedRules(divtype, rules);
      equal(stored.divdata, divdata);
      equal(stored.ipv6, ipv6 ?? []);
      valueOf(compileStored(divtype, stored));
    });
  }

  it("have a case for every type", () => {
    for (const divtype of divtypeNames) {
      equal(goodKeys.some(([known]) => known === divtype), true, divtype);
      equal(storedRulesCases.some((one) => one.divtype === divtype), true, divtype);
      equal([...refusedRanges, ...refusedOfTypes].some(([known]) => known === divtype), true, divtype);
    }
    equal(goodKeys.length, divtypeNames.length);
  });

  for (const [divtype, keys] of goodKeys) {
    it(`of ${divtype} need an object with its keys and an upstream that nginx can take`, () => {
      const good = `{${keys},"upstream":"beta1"}`;
      valueOf(checkText(policyText(divtype, `[${good}]`)));
      for (const [rule, words] of refusedForAll) {
        const text = rule.split("{key}").join(keys);
        const first = errorOf(checkText(policyText(divtype, `[${text}]`)));
        equal(first.code, 50201, text);
        contains(first.desc, "policy invalid for rule 1: ");
        contains(first.desc, words);
      }
    });

    it(`of ${divtype} take an upstream's name of 255 letters, digits and - _ . : [ ]`, () => {
      for (const upstream of ["b".repeat(255), "[2001:db8::1]:80", "A-z_0.9:8020"]) {
        valueOf(checkText(policyText(divtype, `[{${keys},"upstream":"${upstream}"}]`)));
      }
    });

    it(`of ${divtype} are a list that is not empty`, () => {
      refused(checkText(policyText(divtype, "[]")), 50201, "divdata has no rules");
      for (const divdata of ["{}", "1", '"a"', "null", `{${keys},"upstream":"beta1"}`]) {
        refused(checkText(policyText(divtype, divdata)), 50201, "divdata: a list of rules is expected");
      }
    });
  }

  for (const [divtype, divdata, rule, words] of [...refusedRanges, ...refusedOfTypes]) {
    it(`of ${divtype} are refused: ${short(divdata)}`, () => {
      const checked = checkText(policyText(divtype, divdata));
      refused(checked, 50201, `policy invalid for rule ${rule}: `);
      refused(checked, 50201, words);
    });
  }

  it("name the rule that is wrong, not the first", () => {
    const good = '{"suffix":"1","upstream":"a"},{"suffix":"2","upstream":"a"}';
    refused(checkText(policyText("uidsuffix", `[${good},{"suffix":"x","upstream":"a"}]`)), 50201, "rule 3: ");
    refused(checkText(policyText("uidsuffix", `[${good},{"suffix":"3"}]`)), 50201, "rule 3: ");
  });

  it("may have keys as long in bytes as allowed", () => {
    for (const text of ["k".repeat(4096), "é".repeat(2048), "中".repeat(1365), "😀".repeat(1024)]) {
      valueOf(checkText(policyText("url", `[{"url":"${text}","upstream":"a"}]`)));
    }
    for (const text of ["k".repeat(4097), "é".repeat(2049), "中".repeat(1366), "😀".repeat(1025)]) {
      refused(checkText(policyText("url", `[{"url":"${text}","upstream":"a"}]`)), 50201, "url invalid");
    }
  });
});
