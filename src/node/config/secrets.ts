import { readFileSync } from "node:fs";
import type { z } from "zod";
import type { Problem } from "./problem.ts";
import * as problems from "./problems.ts";
import { adminToken, redisPassword } from "./scalars.ts";
import type { Config } from "./schema.ts";

export interface Secrets {
  readonly redisPassword: string | null;
  readonly adminToken: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface Origin {
  readonly section: "admin" | "redis";
  readonly key: "token" | "password";
  readonly schema: z.ZodString;
}

/** Secrets from the file itself, from the environment or from files of their own; at most one source each. */
export function readSecrets(config: Config, environment: Environment): { secrets: Secrets; problems: Problem[] } {
  const found: Problem[] = [];
  const adminSecret = readSecret({ section: "admin", key: "token", schema: adminToken }, config, environment, found);
  const redisSecret = readSecret({ section: "redis", key: "password", schema: redisPassword }, config, environment, found);
  return { secrets: { adminToken: adminSecret, redisPassword: redisSecret }, problems: found };
}

function readSecret(origin: Origin, config: Config, environment: Environment, found: Problem[]): string | null {
  const { section, key } = origin;
  const settings = config[section] as Readonly<Record<string, unknown>>;
  const given = [key, `${key}_env`, `${key}_file`].filter((name) => settings[name] !== undefined);
  const [first, second] = given;
  if (first === undefined) return null;
  const path = [section, first];
  if (second !== undefined) {
    found.push(problems.notTogether([section, second], `${section}.${first}`));
    return null;
  }
  const value = String(settings[first]);
  if (first === key) return value;

  let secret: string;
  if (first.endsWith("_env")) {
    secret = environment[value] ?? "";
    if (secret === "") found.push(problems.environmentEmpty(path, value));
  } else {
    try {
      secret = readFileSync(value, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      found.push(problems.secretUnreadable(path, value, error instanceof Error ? error.message : String(error)));
      return null;
    }
  }
  const checked = origin.schema.safeParse(secret);
  if (secret !== "" || first.endsWith("_file")) {
    const reason = checked.error?.issues[0]?.message;
    if (reason !== undefined) found.push(problems.secretUnusable(path, value, reason));
  }
  return checked.success ? secret : null;
}
