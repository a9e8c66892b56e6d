import { Command } from "commander";

/** A command of several, as `dygateway policy set`; each of them shows the group's examples in its help. */
export function commandGroup(name: string, description: string, examples: string, commands: readonly Command[]): Command {
  const group = new Command(name).description(description).addHelpText("after", examples);
  for (const command of commands) group.addCommand(command.addHelpText("after", examples));
  return group;
}
