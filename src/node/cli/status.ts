import type { Command } from "commander";
import type { Result } from "../../dygateway/core/result.ts";
import { success } from "../../dygateway/core/result.ts";
import type { StoreWork } from "../../dygateway/core/store/command.ts";
import type { LoadedConfig } from "../config/load.ts";
import { redisSettings } from "../store/redis_settings.ts";
import { describePlace } from "../store/connection.ts";
import { readStore } from "../store/work.ts";
import { adminPlace, askAdmin, type AdminReply } from "./admin_client.ts";
import { readStatusAnswer } from "./node_status.ts";
import { refused } from "./outcome.ts";
import { printable, shortened } from "./printable.ts";
import { commonCommand, commonConfig, type CommonOptions } from "./session.ts";
import { problemsOf, statusText } from "./status_text.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway status
  dygateway status -c /etc/dygateway/dygateway.yaml --json
Exit codes: 0 all is well; 1 something is wrong, or the gateway does not answer;
2 the command line or the configuration is wrong.`;

/** Columns of an answer that is not understood: enough to see whose it is. */
const mostShown = 300;

export function statusCommand(terminal: Terminal): Command {
  return commonCommand("status")
    .summary("ask the gateway of this configuration how it is")
    .description("Asks the gateway of this configuration how it is: what is wrong first, then the facts.")
    .addHelpText("after", examples)
    .action(async (options: CommonOptions) => {
      const loaded = commonConfig(options, terminal);
      const reply = await askAdmin(loaded, "status");
      if (!reply.ok) {
        await reportSilence(loaded, reply.reason, terminal);
        return;
      }
      reportAnswer(adminPlace(loaded), reply, options, terminal);
    });
}

/** The gateway does not answer: says so, and whether Redis does, which is the next question. */
async function reportSilence(loaded: LoadedConfig, reason: string, terminal: Terminal): Promise<void> {
  const settings = redisSettings(loaded);
  const store = await readStore(settings, ping());
  const redis = store.ok ? `Redis at ${describePlace(settings)} answers` : printable(store.error.desc);
  terminal.err(
    [
      `dygateway: the gateway does not answer at ${adminPlace(loaded)}: ${printable(reason)}`,
      "  is nginx running, and with this configuration's admin.listen?",
      `  ${redis}`,
    ].join("\n"),
  );
  terminal.exitCode = refused;
}

function* ping(): StoreWork<Result<null>> {
  yield [["PING"]];
  return success(null);
}

function reportAnswer(place: string, reply: AdminReply & { ok: true }, options: CommonOptions, terminal: Terminal): void {
  const answer = readStatusAnswer(reply.body);
  if (answer.kind !== "status") {
    const start = shortened(printable(reply.body.trim()), mostShown);
    const strange = `it answers HTTP ${reply.status} with something else than a gateway's status: ${start}`;
    const reason = answer.kind === "refused" ? `${printable(answer.desc)} (${answer.code})` : strange;
    terminal.err(`dygateway: ${place}: ${reason}`);
    if (options.json && answer.kind === "refused") terminal.out(reply.body.trimEnd());
    terminal.exitCode = refused;
    return;
  }
  terminal.out(options.json ? reply.body.trimEnd() : statusText(place, answer.status));
  if (problemsOf(answer.status).length > 0) terminal.exitCode = refused;
}
