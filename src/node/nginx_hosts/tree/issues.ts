import type { z } from "zod";
import type { ConfigPath, Problem } from "../../config/problem.ts";
import { schemaProblems } from "../../config/schema_problems.ts";

type Issue = z.core.$ZodIssue;

/**
 * What a schema other than dygateway.yaml's found wrong, in the words of the configuration. Unknown keys are worded
 * here, since the advice of the configuration is about its own keys.
 */
export function issueProblems(issues: readonly Issue[], root: unknown, base: ConfigPath = []): Problem[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...(issue.path as (string | number)[])];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key): Problem => ({ path: [...path, key], at: "key", text: `unknown key "${key}"` }));
    }
    if (issue.code === "invalid_union" && issue.errors.length === 0) {
      // A union that goes by one key, whose value is none of those it knows; the path leads to that key.
      return [{ path, at: "value", text: "is none of those that are known here" } satisfies Problem];
    }
    return schemaProblems([issue], root, base);
  });
}
