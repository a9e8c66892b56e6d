import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { problemLine } from "../config/problem.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

export const defaultConfigFile = "dygateway.yaml";

/** The configuration of a command's `-c`; a failure with every problem in it, one a line. */
export function readConfigFile(file: string, terminal: Terminal): LoadedConfig {
  const result = loadConfig(file, terminal.environment);
  if (result.ok) return result.loaded;
  const count = result.problems.length;
  const lines = result.problems.map(problemLine);
  throw new CommandFailure([count === 1 ? "1 problem:" : `${count} problems:`, ...lines].join("\n"));
}
