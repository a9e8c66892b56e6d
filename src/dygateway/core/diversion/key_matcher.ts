import { divdataBroken } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { MatcherBuilder } from "./diversion_type.ts";
import { isUpstreamName } from "./rule.ts";

/** The matcher of a hash whose fields are compared with the whole userinfo. */
export function keyMatcherBuilder(noun: string): MatcherBuilder {
  const upstreams: Lookup<string> = lookup();
  let problem: GatewayError | undefined;
  let rules = 0;

  /** @inlined */
  function match(userinfo: string): string | undefined {
    return upstreams[userinfo];
  }

  return {
    addDivdata: (key, value) => {
      if (!isUpstreamName(value)) {
        problem ??= divdataBroken(`${noun} '${key}' names the upstream '${value}', which nginx cannot take`);
      }
      upstreams[key] = value;
      rules++;
    },
    addIpv6: () => {},
    finish: () => {
      if (problem !== undefined || rules === 0) {
        return failure(problem ?? divdataBroken("there are no rules"));
      }
      return success({
        match,
        explain: (userinfo) => {
          const upstream = match(userinfo);
          return { upstream, why: upstream === undefined ? `no rule for ${noun} '${userinfo}'` : `${noun} '${userinfo}'` };
        },
      });
    },
  };
}
