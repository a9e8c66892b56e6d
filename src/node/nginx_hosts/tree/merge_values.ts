import type { Problem } from "../../config/problem.ts";
import { inFile, sound, unsound, valueMissing, valueUndeclared, type Checked, type TreeProblem } from "../problems.ts";
import { Expression } from "../text/arguments.ts";
import { issueProblems } from "./issues.ts";
import type { Layer } from "./model.ts";
import type { TreeFile, ValueType } from "./tree_file.ts";
import { schemaOf } from "./value_schema.ts";

export type Values = Readonly<Record<string, unknown>>;

/**
 * The values of a host: of each name the last layer's, else the default. Every value of every layer is held against its
 * declaration, also one that a later layer overrides.
 */
export function mergeValues(settings: TreeFile, layers: readonly Layer[]): Checked<Values> {
  const problems: TreeProblem[] = [];
  const merged = Object.create(null) as Record<string, unknown>;
  for (const [name, declared] of Object.entries(settings.values)) {
    const check = schemaOf(declared);
    const take = (value: unknown, path: readonly string[], locate: (problem: Problem) => TreeProblem): void => {
      const parsed = check.safeParse(value);
      if (parsed.success) merged[name] = prepared(declared, parsed.data);
      else problems.push(...issueProblems(parsed.error.issues, nested(path, value), path).map(locate));
    };
    if (declared.default !== undefined) {
      take(declared.default, ["values", name, "default"], (problem) => inFile("tree.yaml", 0, problem.path.join("."), problem.text));
    }
    for (const layer of layers) {
      if (Object.hasOwn(layer.values, name)) take(layer.values[name], ["values", name], layer.locate);
    }
    if (name in merged || problems.length > 0) continue;
    if (declared.optional === true) merged[name] = null;
    else problems.push(valueMissing(name));
  }
  for (const { file, values } of layers) {
    for (const name of Object.keys(values)) {
      if (!Object.hasOwn(settings.values, name)) problems.push(valueUndeclared(file, name));
    }
  }
  return problems.length > 0 ? unsound(...problems) : sound(merged);
}

/** The words of a problem look a value up by its whole path. */
function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner: unknown, key) => ({ [key]: inner }), value);
}

/** The form in which templates see it: what is optional is there as null, expressions are marked as such. */
function prepared(type: ValueType, value: unknown): unknown {
  if (type.type === "expression") return new Expression(value as string);
  if (type.type === "list") return (value as unknown[]).map((item) => prepared(type.of, item));
  if (type.type !== "record") return value;
  return Object.fromEntries(
    Object.entries(type.fields).map(([name, field]) => {
      const given = (value as Record<string, unknown>)[name];
      return [name, given === undefined ? null : prepared(field, given)];
    }),
  );
}
