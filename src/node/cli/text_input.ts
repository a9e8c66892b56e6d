import { bytesOf } from "./json_input.ts";
import { CommandFailure } from "./terminal.ts";

/** Reads a text from a file or, for `-`, from stdin. */
export async function readTextInput(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await bytesOf(file));
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${file === "-" ? "stdin" : file} is not UTF-8`);
  }
}
