import type { Command } from "commander";
import { upstreamAnswer } from "../../dygateway/core/admin/upstream_answers.ts";
import { noPause, success, type Result } from "../../dygateway/core/result.ts";
import { listUpstreams, readDefinition, readUpstream, type FoundUpstream } from "../../dygateway/core/store/upstream_reads.ts";
import type { Upstream } from "../../dygateway/core/upstream/model.ts";
import { commandGroup } from "./command_group.ts";
import { forceOf, runInstruction } from "./instruct.ts";
import { exitCodesHelp, report, type Outcome } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, openSession, type CommonOptions } from "./session.ts";
import { parametersOf } from "./target.ts";
import type { Terminal } from "./terminal.ts";
import { readTextInput } from "./text_input.ts";
import { importCommand } from "./upstream_import.ts";
import { drainCommand, peerCommand, serverCommand } from "./upstream_members.ts";
import { writeCommand } from "./upstream_write.ts";
import { upstreamTable, upstreamText, type ListedUpstream } from "./upstream_text.ts";

const examples = `
Examples:
  dygateway upstream list
  dygateway upstream show beta1
  dygateway upstream add beta1 'server 10.0.0.1:80; server 10.0.0.2:80 backup;'
  dygateway upstream add beta1 - < beta1.body
  dygateway upstream server add beta1 10.0.0.3:80 --weight 2
  dygateway upstream peer set beta1 10.0.0.3:80 --weight 5 --max-fails 3
  dygateway upstream drain beta1 10.0.0.1:80
  dygateway upstream server remove beta1 10.0.0.1:80
  dygateway upstream set beta1 --strategy 'hash $remote_addr consistent'
  dygateway upstream set beta1 --check 'type=http path=/health interval=2s'
  dygateway upstream remove beta1 --force
  dygateway upstream import /etc/nginx/upstream.conf
  dygateway upstream write -o /etc/dygateway
An upstream's body is what stands between the braces of nginx's upstream block.
${exitCodesHelp}`;

interface ForceOptions extends CommonOptions {
  readonly force: boolean;
}

interface SetOptions extends CommonOptions {
  readonly strategy?: string;
  readonly keepalive?: string;
  readonly keepaliveTimeout?: string;
  readonly keepaliveRequests?: string;
  readonly check?: string;
}

export function upstreamCommand(terminal: Terminal): Command {
  const commands = [listCommand, showCommand, addCommand, removeCommand, serverCommand, peerCommand, drainCommand, setCommand, importCommand, writeCommand];
  const description = "change who is in an upstream, at run time, on every node";
  return commandGroup("upstream", description, examples, commands.map((make) => make(terminal)));
}

function listCommand(terminal: Terminal): Command {
  return commonCommand("list", "print the answer as /dyupsc_admin gives it")
    .description("list all upstreams: those of Redis, and those of this configuration")
    .action(async (options: CommonOptions) => {
      const session = openSession(options, terminal);
      const listed = await session.read(listUpstreams(session.keys, session.statics));
      const definitions = listed.ok
        ? success(listed.value.map((found) => ({ found, definition: readDefinition(found, noPause) })))
        : listed;
      report(definitions, listWords, options, terminal);
    });
}

function listWords(listed: readonly ListedUpstream[]): Outcome {
  const text = listed.length === 0 ? "there are no upstreams" : upstreamTable(listed);
  return { text, data: listed.map(({ found }) => found.name) };
}

function showCommand(terminal: Terminal): Command {
  return commonCommand("show", "print the answer as /dyupsc_admin gives it")
    .description("show an upstream with its servers")
    .argument("<upstream>")
    .action(async (name: string, options: CommonOptions) => {
      const session = openSession(options, terminal);
      const found = await session.read(readUpstream(session.keys, session.statics, name));
      report(found.ok ? defined(found.value) : found, showWords, options, terminal);
    });
}

interface Shown {
  readonly found: FoundUpstream;
  readonly upstream: Upstream;
}

function defined(found: FoundUpstream): Result<Shown> {
  const definition = readDefinition(found, noPause);
  return definition.ok ? success({ found, upstream: definition.value }) : definition;
}

const showWords = ({ found, upstream }: Shown): Outcome => ({
  text: upstreamText(found, upstream),
  data: upstreamAnswer(found, upstream, undefined),
});

function addCommand(terminal: Terminal): Command {
  return commonCommand("add", "print the answer as /dyupsc_admin gives it")
    .description("create an upstream, or replace its servers; what the body does not say stays")
    .argument("<upstream>")
    .argument("<body>", "server ADDRESS …; as in nginx, - for stdin")
    .option("--force", "also when a runtime uses it and no usable peer is left", false)
    .action(async (name: string, body: string, options: ForceOptions) => {
      const servers = body === "-" ? await readTextInput("-") : body;
      const parameters = parametersOf({ upstream: name, servers, force: forceOf(options.force) });
      await runInstruction("add_upstream", parameters, `upstream ${printable(name)} stored`, options, terminal);
    });
}

function removeCommand(terminal: Terminal): Command {
  return commonCommand("remove", "print the answer as /dyupsc_admin gives it")
    .description("remove an upstream; one that is not there is no error")
    .argument("<upstream>")
    .option("--force", "also when a runtime uses it", false)
    .action(async (name: string, options: ForceOptions) => {
      const parameters = parametersOf({ upstream: name, force: forceOf(options.force) });
      await runInstruction("remove_upstream", parameters, `upstream ${printable(name)} removed`, options, terminal);
    });
}

function setCommand(terminal: Terminal): Command {
  return commonCommand("set", "print the answer as /dyupsc_admin gives it")
    .description("change how an upstream balances, keeps connections and is checked")
    .argument("<upstream>")
    .option("--strategy <words>", "round_robin, least_conn, ip_hash, 'hash KEY [consistent]', 'random [two]'")
    .option("--keepalive <n>", "idle connections, 0: none")
    .option("--keepalive-timeout <time>", "with --keepalive")
    .option("--keepalive-requests <n>", "with --keepalive")
    .option("--check <words>", "'type=http path=/health …', or off")
    .action(async (name: string, options: SetOptions) => {
      const parameters = parametersOf({
        upstream: name,
        strategy: options.strategy,
        keepalive: options.keepalive,
        keepalive_timeout: options.keepaliveTimeout,
        keepalive_requests: options.keepaliveRequests,
        check: options.check,
      });
      await runInstruction("set_upstream", parameters, `upstream ${printable(name)} set`, options, terminal);
    });
}
