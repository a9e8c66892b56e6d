import type { z } from "zod";
import { adviceFor, nearest } from "./key_suggestions.ts";
import type { ConfigPath, Problem } from "./problem.ts";
import * as problems from "./problems.ts";

type Issue = z.core.$ZodIssue;

/**
 * Words an operator understands, from what the schema found wrong with `root`.
 *
 * @param schema its JSON Schema, for advice on unknown keys; that of dygateway.yaml unless given.
 */
export function schemaProblems(issues: readonly Issue[], root: unknown, base: ConfigPath = [], schema?: object): Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, [...base, ...(issue.path as (string | number)[])], root, schema));
}

function problemsOf(issue: Issue, path: ConfigPath, root: unknown, schema: object | undefined): Problem[] {
  const value = valueAt(root, path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => problems.unknownKey(path, key, adviceFor(path, key, schema)));
    case "invalid_key":
      return issue.issues.map((inner) => problems.badKey(path, inner.message));
    case "invalid_union":
      return unionProblems(issue, path, root, schema);
    case "invalid_type":
      return [
        value === undefined && path.length > 0
          ? problems.keyMissing(path)
          : problems.wrongType(path, typeWords[issue.expected] ?? issue.expected, describe(value)),
      ];
    case "invalid_value": {
      if (value === undefined) return [problems.keyMissing(path)];
      const choices = issue.values.map(String);
      if (typeof value !== "string") return [problems.wrongType(path, `one of ${choices.join(", ")}`, describe(value))];
      return [problems.notOneOf(path, describe(value), choices, nearest(value, choices))];
    }
    case "too_small":
    case "too_big":
      return [problems.outOfBounds(path, boundWords(issue, value))];
    default:
      return [problems.badValue(path, issue.message)];
  }
}

type UnionIssue = Extract<Issue, { code: "invalid_union" }>;

/** Of the alternatives the one whose kind the value has; its errors say more than "none of these". */
function unionProblems(issue: UnionIssue, path: ConfigPath, root: unknown, schema: object | undefined): Problem[] {
  const value = valueAt(root, path);
  if (value === undefined) return [problems.keyMissing(path)];
  const isOfOtherKind = (branch: readonly Issue[]): boolean =>
    branch.some((inner) => inner.path.length === 0 && inner.code === "invalid_type");
  const isFixedWord = (branch: readonly Issue[]): boolean =>
    branch.some((inner) => inner.path.length === 0 && inner.code === "invalid_value");
  const meant = issue.errors.find((branch) => !isOfOtherKind(branch) && !isFixedWord(branch));
  if (meant !== undefined) return schemaProblems(meant, root, path, schema);
  const kinds = issue.errors.flat().flatMap((inner) => {
    if (inner.code === "invalid_value") return inner.values.map((word) => JSON.stringify(word));
    return inner.code === "invalid_type" ? [typeWords[inner.expected] ?? inner.expected] : [];
  });
  return [problems.wrongType(path, [...new Set(kinds)].join(" or "), describe(value))];
}

const typeWords: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "keys and values",
  record: "keys and values",
  array: "a list (- …)",
};

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "nothing (in YAML, an empty value or an unquoted ~ is null)";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "keys and values";
  if (typeof value === "string") return JSON.stringify(value);
  // Not the value itself: it may be a password that only lacks its quotes.
  return `a ${typeof value} (in quotes it would be text)`;
}

type BoundIssue = Extract<Issue, { code: "too_small" | "too_big" }>;

function boundWords(issue: BoundIssue, value: unknown): string {
  const least = issue.code === "too_small";
  const bound = String(issue.code === "too_small" ? issue.minimum : issue.maximum);
  if (issue.origin === "array") return `needs at ${least ? "least" : "most"} ${bound} ${bound === "1" ? "entry" : "entries"}`;
  if (issue.origin === "string") return `is longer than ${bound} characters`;
  return `${String(value)} is too ${least ? "small: at least" : "large: at most"} ${bound} is possible`;
}

function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}
