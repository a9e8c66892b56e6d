import { divdataBroken, policyInvalid } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { field } from "../json/value.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { RequestFacts } from "../userinfo/request_facts.ts";
import { isRequestName } from "../userinfo/source.ts";
import type { DiversionType, Explanation, MatcherBuilder } from "./diversion_type.ts";
import { checkKeys } from "./key_rules.ts";
import type { KeyRules } from "./key_rules.ts";
import { isUpstreamName, textOf } from "./rule.ts";


/** How one of the three types reaches and compares its values. */
export interface NamedValueKind {
  readonly divtype: string;
  /** nginx's variable for a name. */
  readonly variable: (this: void, name: string) => string;
  /** What a rule's value is compared as. */
  readonly ruleValue: (this: void, value: string) => string;
  /** What a request's value is compared as. */
  readonly requestValue: (this: void, value: string) => string;
}

interface Rule {
  readonly order: number;
  readonly upstream: string;
}

/** All rules of one name. */
interface NameRules {
  readonly name: string;
  readonly variable: string;
  readonly byValue: Lookup<Rule>;
}

const keyRules: KeyRules = {
  keys: ["name", "value", "upstream"],
  keyOf: (rule, number) => {
    const name = field(rule, "name");
    if (typeof name !== "string" || !isRequestName(name)) {
      return failure(policyInvalid(number, "name invalid: letters, digits and - _ . are expected"));
    }
    const value = textOf(field(rule, "value"));
    // nginx finds headers, cookies and arguments in any case: names that differ only there are one.
    return value === undefined
      ? failure(policyInvalid(number, "value invalid: a text is expected"))
      : success(`${name.toLowerCase()}:${value}`);
  },
  describe: (rule) => `${field(rule, "name") as string} = '${field(rule, "value") as string}'`,
};

function namedValueBuilder(kind: NamedValueKind): MatcherBuilder {
  const names: NameRules[] = [];
  let order = 0;
  let problem: GatewayError | undefined;

  function rulesOf(name: string): NameRules {
    const known = names.find((candidate) => candidate.name === name);
    if (known !== undefined) {
      return known;
    }
    const added: NameRules = { name, variable: kind.variable(name), byValue: lookup() };
    names.push(added);
    return added;
  }

  function hit(request: RequestFacts): Rule | undefined {
    let first: Rule | undefined;
    for (const rules of names) {
      const value = request.variable(rules.variable);
      const rule = value === undefined ? undefined : rules.byValue[kind.requestValue(value)];
      if (rule !== undefined && (first === undefined || rule.order < first.order)) {
        first = rule;
      }
    }
    return first;
  }

  function explain(request: RequestFacts): Explanation {
    const rule = hit(request);
    const seen = names.map((rules) => {
      const value = request.variable(rules.variable);
      return value === undefined ? `no ${kind.divtype} ${rules.name}` : `${rules.name} = '${value}'`;
    });
    const why = rule === undefined ? `no rule for ${seen.join(", ")}` : `rule ${rule.order}: ${seen.join(", ")}`;
    return { upstream: rule?.upstream, why };
  }

  return {
    addDivdata: (key, upstream) => {
      const colon = key.indexOf(":");
      const name = key.slice(0, colon < 0 ? 0 : colon);
      if (!isRequestName(name) || !isUpstreamName(upstream)) {
        problem ??= divdataBroken(`'${key}' → '${upstream}': NAME:VALUE and an upstream's name are expected`);
        return;
      }
      order++;
      rulesOf(name).byValue[kind.ruleValue(key.slice(colon + 1))] = { order, upstream };
    },
    addIpv6: () => {},
    finish: () => {
      if (problem !== undefined || names.length === 0) {
        return failure(problem ?? divdataBroken("there are no rules"));
      }
      return success({
        match: (_userinfo, request) => hit(request)?.upstream,
        explain: (_userinfo, request) => explain(request),
      });
    },
  };
}

/**
 * A type that compares named values of the request: `{"name":"X-Env","value":"gray","upstream":"beta1"}`. The first
 * rule that is met decides, also between different names. Stored as a list, `NAME:VALUE` and upstream in turn, because
 * a hash would lose the order of the rules.
 */
export function namedValueType(kind: NamedValueKind): DiversionType {
  return {
    divtype: kind.divtype,
    parser: "requestParser",
    storage: "list",
    takesUserinfo: false,
    check: (rules, pause) => checkKeys(rules, keyRules, pause),
    builder: () => namedValueBuilder(kind),
  };
}
