import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface CommandRun {
  readonly exitCode: number;
  readonly output: string;
}

export interface CommandOptions {
  /** Takes the lines of the output as they come. */
  readonly say: (line: string) => void;
  readonly env?: Readonly<Record<string, string>>;
  /** Which lines of the output a person wants to see; all of them unless told. */
  readonly show?: (line: string) => boolean;
}

/** Runs a command and passes its output on as it comes. One that cannot be started says why and counts as exit code 127. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<CommandRun> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const lines: string[] = [];
  const follow = (stream: NodeJS.ReadableStream): void => {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (options.show?.(line) ?? true) {
        options.say(line);
      }
    });
  };
  follow(child.stdout);
  follow(child.stderr);
  const exitCode = await new Promise<number>((resolve) => {
    child.once("error", (error) => {
      options.say(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once("close", (code) => {
      resolve(code ?? 1);
    });
  });
  return { exitCode, output: lines.join("\n") };
}
