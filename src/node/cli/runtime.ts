import { Option, type Command } from "commander";
import { runtimeAnswer, runtimeListAnswer } from "../../dygateway/core/admin/answers.ts";
import { hostnameOf, runtimeTarget } from "../../dygateway/core/admin/parameters.ts";
import type { Keys } from "../../dygateway/core/store/keys.ts";
import { deleteRuntime, divtypeOfModule, parserOfModule, setRuntime } from "../../dygateway/core/store/runtime_changes.ts";
import { readRuntime, type StoredRuntime } from "../../dygateway/core/store/runtime_reads.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import type { Page } from "../../dygateway/core/store/policy_reads.ts";
import { listRuntimes, type ListedRuntime } from "../../dygateway/core/store/runtime_list.ts";
import { commandGroup } from "./command_group.ts";
import { deletionWords, exitCodesHelp, report, type Outcome } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, openSession, type CommonOptions } from "./session.ts";
import { tableText } from "./table.ts";
import { parametersOf } from "./target.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway runtime set api.weibo.cn --group 3
  dygateway runtime set api.weibo.cn --group-name spring-release --divsteps 2
  dygateway runtime set api.weibo.cn --policy 7
  dygateway runtime get api.weibo.cn
  dygateway runtime del api.weibo.cn
  dygateway runtime list --json
HOSTNAME is the hostkey of a location, by default its server's first name.
${exitCodesHelp}`;

interface SetOptions extends CommonOptions {
  readonly policy?: string;
  readonly policyName?: string;
  readonly group?: string;
  readonly groupName?: string;
  readonly divsteps?: string;
  readonly force: boolean;
}

export function runtimeCommand(terminal: Terminal): Command {
  const commands = [setCommand, getCommand, deleteCommand, listCommand];
  const description = "put policies in force for a hostname, and see which are";
  return commandGroup("runtime", description, examples, commands.map((make) => make(terminal)));
}

function setCommand(terminal: Terminal): Command {
  return commonCommand("set")
    .description("put a policy or a group in force; what was in force is replaced whole")
    .argument("<hostname>")
    .option("--policy <id>", "one policy")
    .option("--policy-name <name>", "the same, by its name")
    .option("--group <id>", "a policy group")
    .option("--group-name <name>", "the same, by its name")
    .addOption(new Option("--divsteps <n>", "only the group's first n levels").conflicts(["policy", "policyName"]))
    .option("--force", "also when a policy leads to an upstream that exists nowhere", false)
    .action(async (hostname: string, options: SetOptions) => {
      const given = [options.policy, options.policyName, options.group, options.groupName];
      if (given.filter((value) => value !== undefined).length !== 1) {
        throw new CommandFailure("one of --policy, --policy-name, --group, --group-name is expected");
      }
      const session = openSession(options, terminal);
      const parameters = parametersOf({
        hostname,
        policyid: options.policy,
        policyname: options.policyName,
        policygroupid: options.group,
        policygroupname: options.groupName,
        divsteps: options.divsteps,
      });
      const target = runtimeTarget(parameters);
      const name = hostnameOf(parameters);
      const check = { statics: session.statics, force: options.force };
      const done = !name.ok
        ? name
        : !target.ok
          ? target
          : await session.change((context) => setRuntime(context, name.value, target.value, session.foreign, check));
      const words = ({ revision }: Transaction<null>): Outcome => ({
        text: `the runtime of ${printable(hostname)} is set (revision ${revision})`,
      });
      report(done, words, options, terminal);
    });
}

function getCommand(terminal: Terminal): Command {
  return commonCommand("get")
    .description("show what is in force for a hostname")
    .argument("<hostname>")
    .action(async (hostname: string, options: CommonOptions) => {
      const session = openSession(options, terminal);
      const name = hostnameOf(parametersOf({ hostname }));
      const read = name.ok ? await session.read(readRuntime(session.keys, name.value)) : name;
      const words = (runtime: StoredRuntime | undefined): Outcome => ({
        text: runtime === undefined ? `no runtime is set for ${printable(hostname)}` : runtimeText(session.keys, runtime),
        data: runtimeAnswer(runtime),
        missing: runtime === undefined,
      });
      report(read, words, options, terminal);
    });
}

function runtimeText(keys: Keys, runtime: StoredRuntime): string {
  const rows = runtime.levels.map((level, i) => [
    `${i + 1}`,
    keys.policyIdOf(level.divDataKey) ?? level.divDataKey,
    divtypeOfModule(level.divModulename) ?? level.divModulename,
    parserOfModule(level.userInfoModulename) ?? level.userInfoModulename,
  ]);
  return `${printable(runtime.hostname)}:\n${tableText(["level", "policy", "divtype", "parser"], rows)}`;
}

function deleteCommand(terminal: Terminal): Command {
  return commonCommand("del")
    .description("end the diversion of a hostname; one that has none is no error")
    .argument("<hostname>")
    .action(async (hostname: string, options: CommonOptions) => {
      const session = openSession(options, terminal);
      const name = hostnameOf(parametersOf({ hostname }));
      const done = name.ok ? await session.change((context) => deleteRuntime(context, name.value)) : name;
      report(done, deletionWords(`runtime of ${printable(hostname)}`), options, terminal);
    });
}

function listCommand(terminal: Terminal): Command {
  return commonCommand("list")
    .description("list all hostnames that have a runtime")
    .action(async (options: CommonOptions) => {
      const session = openSession(options, terminal);
      const listed = await session.read(listRuntimes(session.keys, 0, Infinity));
      report(listed, listWords, options, terminal);
    });
}

function listWords({ items: runtimes }: Page<ListedRuntime>): Outcome {
  const rows = runtimes.map(({ hostname, policyIds }) => [hostname, `${policyIds.length}`, policyIds.join(", ")]);
  const text = rows.length === 0 ? "no runtimes are set" : tableText(["hostname", "levels", "policies"], rows);
  return { text, data: runtimeListAnswer(runtimes, undefined) };
}
