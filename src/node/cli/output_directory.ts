import { resolve } from "node:path";
import { absolutePath } from "../config/scalars.ts";
import { CommandFailure } from "./terminal.ts";

/** The directory of the rendered files, as `-o` names it. */
export function outputDirectory(output: string): string {
  const directory = resolve(output);
  if (directory !== "/" && absolutePath.safeParse(directory).success) return directory;
  throw new CommandFailure(`${JSON.stringify(directory)} cannot be the output: nginx gives a meaning to $ ; * ? [ ] in paths`);
}
