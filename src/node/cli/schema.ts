import { Command } from "commander";
import { configJsonSchema } from "../config/schema.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Example:
  dygateway schema > dygateway.schema.json
and as the first line of dygateway.yaml:
  # yaml-language-server: $schema=./dygateway.schema.json`;

export function schemaCommand(terminal: Terminal): Command {
  return new Command("schema")
    .description("print the JSON Schema of dygateway.yaml, for editors")
    .addHelpText("after", examples)
    .action(() => {
      terminal.out(JSON.stringify(configJsonSchema(), null, 2));
    });
}
