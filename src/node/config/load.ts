import { readFileSync } from "node:fs";
import { checkHosts } from "./check_hosts.ts";
import { checkListeners } from "./check_listeners.ts";
import { checkServices } from "./check_services.ts";
import { checkUpstreams } from "./check_upstreams.ts";
import type { LocatedProblem, Problem } from "./problem.ts";
import { configSchema, type Config } from "./schema.ts";
import { schemaProblems } from "./schema_problems.ts";
import { readSecrets, type Environment, type Secrets } from "./secrets.ts";
import { readSource } from "./source.ts";

/** A configuration that passed every check, with the secrets it refers to. */
export interface LoadedConfig {
  readonly config: Config;
  readonly secrets: Secrets;
}

export type LoadResult =
  | { readonly ok: true; readonly loaded: LoadedConfig }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

/** Reads and checks dygateway.yaml. Refuses it with every problem there is, in the order of the file. */
export function loadConfig(file: string, environment: Environment): LoadResult {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ file, line: 0, column: 0, path: "", text: `cannot be read: ${reason}` }] };
  }
  return parseConfig(file, text, environment);
}

/** As `loadConfig`, for a text that is at hand; `file` is only named in problems. */
export function parseConfig(file: string, text: string, environment: Environment): LoadResult {
  const read = readSource(file, text);
  if (!read.ok) return read;
  const refuse = (problems: readonly Problem[]): LoadResult => {
    const located = problems.map((problem) => read.source.locate(problem));
    return { ok: false, problems: located.sort(inOrderOfFile) };
  };
  const parsed = configSchema.safeParse(read.source.value);
  if (!parsed.success) return refuse(schemaProblems(parsed.error.issues, read.source.value));

  const config = parsed.data;
  const { secrets, problems: secretProblems } = readSecrets(config, environment);
  const problems = [
    ...checkListeners(config),
    ...checkUpstreams(config),
    ...checkHosts(config),
    ...checkServices(config),
    ...secretProblems,
  ];
  return problems.length > 0 ? refuse(problems) : { ok: true, loaded: { config, secrets } };
}

function inOrderOfFile(a: LocatedProblem, b: LocatedProblem): number {
  return a.line === b.line ? a.column - b.column : a.line - b.line;
}
