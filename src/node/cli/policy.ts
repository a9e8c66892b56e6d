import type { Command } from "commander";
import { policyAnswer, policyListAnswer } from "../../dygateway/core/admin/answers.ts";
import { policyTarget } from "../../dygateway/core/admin/parameters.ts";
import { object } from "../../dygateway/core/json/value.ts";
import { checkPolicy, type CheckedPolicy } from "../../dygateway/core/policy/policy.ts";
import { noPause } from "../../dygateway/core/result.ts";
import { deletePolicy, describePolicy, setPolicy, type StoredPolicy } from "../../dygateway/core/store/policy_changes.ts";
import { listPolicies, type ListedPolicy, type ReadPolicy } from "../../dygateway/core/store/policy_reads.ts";
import { readPolicyByTarget } from "../../dygateway/core/store/target_reads.ts";
import type { Transaction } from "../../dygateway/core/store/transaction.ts";
import { allPages } from "./all_pages.ts";
import { commandGroup } from "./command_group.ts";
import { readJsonInput } from "./json_input.ts";
import { deletionWords, exitCodesHelp, report, type Outcome } from "./outcome.ts";
import { policyText } from "./policy_text.ts";
import { printable } from "./printable.ts";
import { commonCommand, knownDivtypes, openSession, type CommonOptions } from "./session.ts";
import { tableText } from "./table.ts";
import { oneTarget, parametersOf, targetWords } from "./target.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Examples:
  dygateway policy check policy.json
  dygateway policy set policy.json
  echo '{"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"beta1"}]}' |
    dygateway policy set -
  dygateway policy get 7
  dygateway policy get --name gray-uids --json
  dygateway policy del 7 --force
  dygateway policy list
${exitCodesHelp}`;

interface TargetOptions extends CommonOptions {
  readonly name?: string;
  readonly force: boolean;
}

interface SetOptions extends CommonOptions {
  readonly force: boolean;
}

export function policyCommand(terminal: Terminal): Command {
  const commands = [checkCommand, setCommand, getCommand, deleteCommand, listCommand];
  return commandGroup("policy", "check, store, show and delete policies", examples, commands.map((make) => make(terminal)));
}

const policyWords = (policy: CheckedPolicy): string => printable(describePolicy(policy));

function checkCommand(terminal: Terminal): Command {
  return commonCommand("check")
    .description("say whether a policy is valid, as the gateway would; stores nothing")
    .argument("<file>", "the policy as JSON, - for stdin")
    .action(async (file: string, options: CommonOptions) => {
      const read = await readJsonInput(file);
      const checked = read.ok ? checkPolicy(read.value, knownDivtypes(options, terminal), noPause) : read;
      const words = (policy: CheckedPolicy): Outcome => ({ text: `the policy is valid: ${policyWords(policy)}` });
      report(checked, words, options, terminal);
    });
}

function setCommand(terminal: Terminal): Command {
  return commonCommand("set")
    .description("check a policy and store it under the next id")
    .argument("<file>", "the policy as JSON, - for stdin")
    .option("--force", "also when it leads to an upstream that exists nowhere", false)
    .action(async (file: string, options: SetOptions) => {
      const session = openSession(options, terminal);
      const read = await readJsonInput(file);
      const checked = read.ok ? checkPolicy(read.value, session.foreign, noPause) : read;
      const check = { statics: session.statics, force: options.force };
      const done = checked.ok ? await session.change((context) => setPolicy(context, checked.value, check)) : checked;
      const what = checked.ok ? policyWords(checked.value) : "";
      const words = ({ revision, answer: { policyId } }: Transaction<StoredPolicy>): Outcome => ({
        text: `policy ${policyId} stored: ${what} (revision ${revision})`,
        detail: ` the id of new policy is ${policyId}`,
        data: object([["policyid", Number(policyId)]]),
      });
      report(done, words, options, terminal);
    });
}

function getCommand(terminal: Terminal): Command {
  return commonCommand("get")
    .description("show a policy")
    .argument("[id]")
    .option("--name <name>", "the policy of that name")
    .action(async (id: string | undefined, options: TargetOptions) => {
      oneTarget(id, options.name);
      const session = openSession(options, terminal);
      const target = policyTarget(parametersOf({ policyid: id, policyname: options.name }));
      const read = target.ok ? await session.read(readPolicyByTarget(session.keys, target.value)) : target;
      const what = targetWords("policy", id, options.name);
      const words = (policy: ReadPolicy | undefined): Outcome => ({
        text: policy === undefined ? `there is no ${what}` : policyText(what, policy),
        data: policyAnswer(policy),
        missing: policy === undefined,
      });
      report(read, words, options, terminal);
    });
}

function deleteCommand(terminal: Terminal): Command {
  return commonCommand("del")
    .description("delete a policy; one that is not there is no error")
    .argument("[id]")
    .option("--name <name>", "the policy of that name")
    .option("--force", "also when a runtime uses it", false)
    .action(async (id: string | undefined, options: TargetOptions) => {
      oneTarget(id, options.name);
      const session = openSession(options, terminal);
      const target = policyTarget(parametersOf({ policyid: id, policyname: options.name }));
      const done = target.ok
        ? await session.change((context) => deletePolicy(context, target.value, options.force))
        : target;
      report(done, deletionWords(targetWords("policy", id, options.name)), options, terminal);
    });
}

function listCommand(terminal: Terminal): Command {
  return commonCommand("list")
    .description("list all policies")
    .action(async (options: CommonOptions) => {
      const session = openSession(options, terminal);
      const listed = await session.read(allPages((from, count) => listPolicies(session.keys, from, count)));
      report(listed, listWords, options, terminal);
    });
}

function listWords(policies: readonly ListedPolicy[]): Outcome {
  const rows = policies.map(({ id, divtype, rules, meta: { name = "-", userinfo = "-" } }) => [
    id,
    name,
    divtype,
    `${rules}`,
    userinfo,
  ]);
  const headings = ["id", "name", "divtype", "rules", "userinfo"];
  const text = rows.length === 0 ? "there are no policies" : tableText(headings, rows);
  return { text, data: policyListAnswer({ items: policies, next: undefined }) };
}
