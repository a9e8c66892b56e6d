import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { packageRoot } from "../render/package_root.ts";
import { defaultConfigFile } from "./config_file.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway init
  dygateway init /etc/dygateway/dygateway.yaml`;

export function initCommand(terminal: Terminal): Command {
  return new Command("init")
    .description("write a commented configuration to start from")
    .argument("[file]", "the file to write", defaultConfigFile)
    .option("--force", "replace a file that is there", false)
    .addHelpText("after", examples)
    .action((file: string, options: { readonly force: boolean }) => {
      const text = readFileSync(join(packageRoot(), "templates", "dygateway.yaml"), "utf8");
      try {
        writeFileSync(file, text, { flag: options.force ? "w" : "wx" });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        throw new CommandFailure(`${file} is already there; replace it with --force`);
      }
      terminal.out(`${file} written; next: dygateway render -c ${file} -o DIR`);
    });
}
