import type { z } from "zod";
import { pathText, type Problem } from "../../config/problem.ts";
import { readSource } from "../../config/source.ts";
import { inFile, sound, unsound, type Checked, type TreeProblem } from "../problems.ts";
import { issueProblems } from "./issues.ts";

/** A YAML file of the tree that passed its schema, and a way to say where in it a problem is. */
export interface YamlFile<T> {
  readonly value: T;
  readonly locate: (problem: Problem) => TreeProblem;
}

export function readYaml<T>(file: string, text: string, schema: z.ZodType<T>): Checked<YamlFile<T>> {
  const read = readSource(file, text);
  if (!read.ok) return unsound(...read.problems.map((problem) => inFile(file, problem.line, problem.path, problem.text)));
  const { source } = read;
  const locate = (problem: Problem): TreeProblem => inFile(file, source.locate(problem).line, pathText(problem.path), problem.text);
  // An empty file is YAML's null; it says as much as one without keys.
  const value = source.value ?? {};
  const parsed = schema.safeParse(value);
  if (!parsed.success) return unsound(...issueProblems(parsed.error.issues, value).map(locate));
  return sound({ value: parsed.data, locate });
}
