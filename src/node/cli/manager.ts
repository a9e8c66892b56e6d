import { Command } from "commander";
import { managerTokenCommand } from "./manager_token.ts";
import { commonConfig, type CommonOptions } from "./session.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway manager token create ann --role operator
  dygateway manager -c /etc/dygateway/dygateway.yaml
  curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8090/api/v1/clusters

SIGTERM: takes no new jobs, waits for running syncs up to manager.shutdown_timeout
and ends them then; a second SIGTERM ends them at once.`;

export function managerCommand(terminal: Terminal): Command {
  return new Command("manager")
    .summary("the HTTP service for LVS clusters and nginx machines")
    .description("Runs the service: inventory, plans, syncs and drift of LVS clusters, configurations of nginx machines.")
    .option("-c, --config <file>", "default: dygateway.yaml here, else /etc/dygateway/dygateway.yaml")
    .addHelpText("after", examples)
    .addCommand(managerTokenCommand(terminal))
    .action(async (options: Pick<CommonOptions, "config">) => {
      const loaded = commonConfig({ ...options, json: false }, terminal);
      // Only this command needs the service and what it is made of: the others start without it.
      const { runService } = await import("../manager/run_service.ts");
      await runService(loaded, terminal);
      terminal.exitCode = exitCodes.fine;
    });
}
