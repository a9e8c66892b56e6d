import type { Command } from "commander";
import { groupAnswer, groupListAnswer, storedGroupAnswer } from "../../dygateway/core/admin/answers.ts";
import { groupTarget } from "../../dygateway/core/admin/parameters.ts";
import { checkPolicyGroup, type CheckedGroup } from "../../dygateway/core/policy/policy_group.ts";
import { noPause } from "../../dygateway/core/result.ts";
import { deletePolicyGroup, setPolicyGroup, type StoredGroup } from "../../dygateway/core/store/group_changes.ts";
import { describePolicy } from "../../dygateway/core/store/policy_changes.ts";
import { listGroups, type ListedGroup } from "../../dygateway/core/store/policy_reads.ts";
import { readGroup, type ReadGroup } from "../../dygateway/core/store/target_reads.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import { allPages } from "./all_pages.ts";
import { commandGroup } from "./command_group.ts";
import { readJsonInput } from "./json_input.ts";
import { deletionWords, exitCodesHelp, report, type Outcome } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, knownDivtypes, openSession, type CommonOptions } from "./session.ts";
import { tableText } from "./table.ts";
import { oneTarget, parametersOf, targetWords } from "./target.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway policygroup check group.json
  dygateway policygroup set group.json
  dygateway policygroup get 3
  dygateway policygroup get --name spring-release --json
  dygateway policygroup del 3
  dygateway policygroup list
A group is {"1":policy,"2":policy,…}, level 1 first.
${exitCodesHelp}`;

interface TargetOptions extends CommonOptions {
  readonly name?: string;
  readonly force: boolean;
}

interface SetOptions extends CommonOptions {
  readonly force: boolean;
}

export function policyGroupCommand(terminal: Terminal): Command {
  const commands = [checkCommand, setCommand, getCommand, deleteCommand, listCommand];
  const description = "check, store, show and delete policy groups";
  return commandGroup("policygroup", description, examples, commands.map((make) => make(terminal)));
}

/** @param policyIds of the levels, once they are stored. */
function levelLines({ policies }: CheckedGroup, policyIds: readonly string[]): string[] {
  return policies.map((policy, i) => {
    const id = policyIds[i] === undefined ? "" : `policy ${policyIds[i]}  `;
    return `  level ${i + 1}  ${id}${printable(describePolicy(policy))}`;
  });
}

function checkCommand(terminal: Terminal): Command {
  return commonCommand("check")
    .description("say whether a group is valid, as the gateway would; stores nothing")
    .argument("<file>", "the group as JSON, - for stdin")
    .action(async (file: string, options: CommonOptions) => {
      const read = await readJsonInput(file);
      const checked = read.ok ? checkPolicyGroup(read.value, knownDivtypes(options, terminal), noPause) : read;
      const words = (group: CheckedGroup): Outcome => ({
        text: ["the policy group is valid:", ...levelLines(group, [])].join("\n"),
      });
      report(checked, words, options, terminal);
    });
}

function setCommand(terminal: Terminal): Command {
  return commonCommand("set")
    .description("check a group and store it with its policies")
    .argument("<file>", "the group as JSON, - for stdin")
    .option("--force", "also when a policy leads to an upstream that exists nowhere", false)
    .action(async (file: string, options: SetOptions) => {
      const session = openSession(options, terminal);
      const read = await readJsonInput(file);
      const checked = read.ok ? checkPolicyGroup(read.value, session.foreign, noPause) : read;
      const check = { statics: session.statics, force: options.force };
      const done = checked.ok ? await session.change((context) => setPolicyGroup(context, checked.value, check)) : checked;
      const words = ({ revision, answer }: Transaction<StoredGroup>): Outcome => {
        const levels = checked.ok ? levelLines(checked.value, answer.policyIds) : [];
        const text = [`policy group ${answer.groupId} stored (revision ${revision}):`, ...levels].join("\n");
        return { text, data: storedGroupAnswer(answer) };
      };
      report(done, words, options, terminal);
    });
}

function getCommand(terminal: Terminal): Command {
  return commonCommand("get")
    .description("show the policies of a group")
    .argument("[id]")
    .option("--name <name>", "the group of that name")
    .action(async (id: string | undefined, options: TargetOptions) => {
      oneTarget(id, options.name);
      const session = openSession(options, terminal);
      const target = groupTarget(parametersOf({ policygroupid: id, policygroupname: options.name }));
      const read = target.ok ? await session.read(readGroup(session.keys, target.value)) : target;
      const what = targetWords("policy group", id, options.name);
      report(read, (group) => groupWords(group, what), options, terminal);
    });
}

function groupWords({ id, policyIds, name }: ReadGroup, what: string): Outcome {
  const missing = policyIds.length === 0;
  const title = `policy group ${id}${name === undefined ? "" : `, name '${printable(name)}'`}:`;
  const levels = policyIds.map((policyId, i) => `  level ${i + 1}  policy ${printable(policyId)}`);
  const text = missing ? `there is no ${what}` : [title, ...levels].join("\n");
  return { text, data: groupAnswer(id, policyIds, name), missing };
}

function deleteCommand(terminal: Terminal): Command {
  return commonCommand("del")
    .description("delete a group and its policies; one that is not there is no error")
    .argument("[id]")
    .option("--name <name>", "the group of that name")
    .option("--force", "also when a runtime uses its policies", false)
    .action(async (id: string | undefined, options: TargetOptions) => {
      oneTarget(id, options.name);
      const session = openSession(options, terminal);
      const target = groupTarget(parametersOf({ policygroupid: id, policygroupname: options.name }));
      const done = target.ok
        ? await session.change((context) => deletePolicyGroup(context, target.value, options.force))
        : target;
      report(done, deletionWords(targetWords("policy group", id, options.name)), options, terminal);
    });
}

function listCommand(terminal: Terminal): Command {
  return commonCommand("list")
    .description("list all policy groups")
    .action(async (options: CommonOptions) => {
      const session = openSession(options, terminal);
      const listed = await session.read(allPages((from, count) => listGroups(session.keys, from, count)));
      report(listed, listWords, options, terminal);
    });
}

function listWords(groups: readonly ListedGroup[]): Outcome {
  const rows = groups.map(({ id, policyIds, name = "-" }) => [id, name, policyIds.join(", ")]);
  const text = rows.length === 0 ? "there are no policy groups" : tableText(["id", "name", "policies"], rows);
  return { text, data: groupListAnswer({ items: groups, next: undefined }) };
}
