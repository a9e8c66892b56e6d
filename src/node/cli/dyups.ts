import { Command, InvalidArgumentError } from "commander";
import { commandGroup } from "./command_group.ts";
import { askDyups, dyupsUrl, type DyupsEndpoint, type DyupsReply } from "./dyups_request.ts";
import { exitCodesHelp, refused } from "./outcome.ts";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { readTextInput } from "./text_input.ts";

const examples = `
Examples:
  dygateway dyups list --url http://127.0.0.1:8080/dyups
  dygateway dyups detail --url http://127.0.0.1:8081
  dygateway dyups get beta1 --url http://127.0.0.1:8080/dyups
  dygateway dyups set beta1 beta1.body --url http://127.0.0.1:8080/dyups
  echo 'server 10.0.0.1:80;' | dygateway dyups set beta1 - --url …
  dygateway dyups delete beta1 --force --url http://127.0.0.1:8080/dyups
The URL is that of any interface of ngx_http_dyups_module's protocol: this
project's own, or a gateway's with the module. DYGATEWAY_DYUPS_URL and
DYGATEWAY_DYUPS_TOKEN stand in for the options.
${exitCodesHelp}`;

interface EndpointOptions {
  readonly url?: string;
  readonly token?: string;
  readonly timeout: number;
}

interface ForceOptions extends EndpointOptions {
  readonly force: boolean;
}

const OK = 200;
const NOTHING = 204;
const NOT_FOUND = 404;

export function dyupsCommand(terminal: Terminal): Command {
  const commands = [listCommand, detailCommand, getCommand, setCommand, deleteCommand];
  const description = "talk to a gateway by the protocol of ngx_http_dyups_module";
  return commandGroup("dyups", description, examples, commands.map((make) => make(terminal)));
}

function endpointCommand(name: string): Command {
  return new Command(name)
    .option("--url <url>", "of the interface, as http://127.0.0.1:8080/dyups")
    .option("--token <token>", "the token of a dygateway's admin interface")
    .option("--timeout <seconds>", "longest wait for the answer", secondsOf, 30);
}

function secondsOf(given: string): number {
  const seconds = Number(given);
  if (!(seconds > 0 && seconds <= 3600)) throw new InvalidArgumentError("a number of seconds up to 3600 is expected.");
  return seconds;
}

function endpointOf(command: Command, options: EndpointOptions, { environment }: Terminal): DyupsEndpoint {
  const url = options.url ?? environment["DYGATEWAY_DYUPS_URL"];
  if (url === undefined || url === "") return command.error("error: --url is missing, and DYGATEWAY_DYUPS_URL is not set");
  const token = options.token ?? environment["DYGATEWAY_DYUPS_TOKEN"];
  return { url: dyupsUrl(url), token: token === "" ? undefined : token, timeoutMs: options.timeout * 1000 };
}

/** The words of an answer on a line: the module's own, then the reason, where it says one. */
function said({ status, text }: DyupsReply): string {
  const words = text.trim().split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return printable(words.length === 0 ? `the answer was ${status}` : `${words.join(": ")} (${status})`);
}

/** @param done what is printed of a success; undefined for the answer as it is. */
function reportReply(reply: DyupsReply, done: string | undefined, terminal: Terminal): void {
  if (reply.status !== OK && reply.status !== NOTHING) {
    terminal.err(`dygateway: ${said(reply)}`);
    terminal.exitCode = refused;
    return;
  }
  const text = done ?? reply.text.trimEnd();
  if (text !== "") terminal.out(text.split("\n").map(printable).join("\n"));
}

function readCommand(name: string, description: string, terminal: Terminal): Command {
  const command = endpointCommand(name).description(description);
  return command.action(async (options: EndpointOptions) => {
    reportReply(await askDyups(endpointOf(command, options, terminal), "GET", `/${name}`), undefined, terminal);
  });
}

function listCommand(terminal: Terminal): Command {
  return readCommand("list", "list the names of all upstreams", terminal);
}

function detailCommand(terminal: Terminal): Command {
  return readCommand("detail", "show all upstreams with their servers", terminal);
}

const pathOf = (name: string, force: boolean): string => `/upstream/${encodeURIComponent(name)}${force ? "?force=1" : ""}`;

function getCommand(terminal: Terminal): Command {
  const command = endpointCommand("get").description("show the servers of an upstream").argument("<upstream>");
  return command.action(async (name: string, options: EndpointOptions) => {
    const reply = await askDyups(endpointOf(command, options, terminal), "GET", pathOf(name, false));
    reportReply(named(name, reply), undefined, terminal);
  });
}

/** The module says nothing with its 404. */
function named(name: string, reply: DyupsReply): DyupsReply {
  return reply.status === NOT_FOUND && reply.text.trim() === "" ? { ...reply, text: `there is no upstream '${name}'` } : reply;
}

function setCommand(terminal: Terminal): Command {
  const command = endpointCommand("set")
    .description("create an upstream, or replace its servers")
    .argument("<upstream>")
    .argument("<file>", "with its body: server ADDRESS …; as in nginx; - for stdin")
    .option("--force", "also when a runtime uses it and no usable server is left", false);
  return command.action(async (name: string, file: string, options: ForceOptions) => {
    const endpoint = endpointOf(command, options, terminal);
    const reply = await askDyups(endpoint, "POST", pathOf(name, options.force), await readTextInput(file));
    reportReply(reply, `upstream ${printable(name)} set`, terminal);
  });
}

function deleteCommand(terminal: Terminal): Command {
  const command = endpointCommand("delete")
    .description("delete an upstream")
    .argument("<upstream>")
    .option("--force", "also when a runtime uses it", false);
  return command.action(async (name: string, options: ForceOptions) => {
    const reply = await askDyups(endpointOf(command, options, terminal), "DELETE", pathOf(name, options.force));
    reportReply(named(name, reply), `upstream ${printable(name)} deleted`, terminal);
  });
}
