import type { Command } from "commander";
import { explainAnswer } from "../../dygateway/core/admin/answers.ts";
import { hostnameOf } from "../../dygateway/core/admin/parameters.ts";
import { moduleMissing } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import { explain, type LevelTrace, type Trace } from "../../dygateway/core/runtime/explain.ts";
import { describedRequest } from "../../dygateway/core/userinfo/described_request.ts";
import type { RequestFacts } from "../../dygateway/core/userinfo/request_facts.ts";
import { runtimeInForce, type StoredRuntimeInForce } from "../store/runtime_in_force.ts";
import { exitCodesHelp, report, type Outcome } from "./outcome.ts";
import { printable } from "./printable.ts";
import { commonCommand, openSession, type CommonOptions } from "./session.ts";
import { parametersOf } from "./target.ts";
import type { Terminal } from "./terminal.ts";
import { wrapped } from "./wrap.ts";

const examples = `
Examples:
  dygateway explain api.weibo.cn --uid 30 --city BJ
  dygateway explain api.weibo.cn --ip 10.0.0.7 --uri /abc/i/
  dygateway explain api.weibo.cn --header X-Env:gray --cookie uid=u7 --arg v=2
It reads what Redis holds and decides with the gateway's own code. A gateway
that cannot reach Redis may still be at an older revision: dygateway status.
${exitCodesHelp}`;

interface ExplainOptions extends CommonOptions {
  readonly uid?: string;
  readonly ip?: string;
  readonly city?: string;
  readonly uri?: string;
  readonly header: readonly string[];
  readonly cookie: readonly string[];
  readonly arg: readonly string[];
}

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function explainCommand(terminal: Terminal): Command {
  return commonCommand("explain")
    .summary("say which upstream a user would reach, and why")
    .description("Says which upstream a request would reach: each level's userinfo, and the rule it hits or why none.")
    .argument("<hostname>", "the hostkey of the location")
    .option("--uid <uid>", "the X-Uid header")
    .option("--ip <address>", "the client's address")
    .option("--city <city>", "the argument city")
    .option("--uri <path>", "the path, as nginx normalizes it")
    .option("--header <name:value>", "a header; may be given more than once", collected, [])
    .option("--cookie <name=value>", "a cookie; may be given more than once", collected, [])
    .option("--arg <name=value>", "a query argument; may be given more than once", collected, [])
    .addHelpText("after", examples)
    .action(async (hostname: string, options: ExplainOptions) => {
      const { uid, ip, city, uri, header: headers, cookie: cookies, arg: args } = options;
      const session = openSession(options, terminal);
      const name = hostnameOf(parametersOf({ hostname }));
      const request = describedRequest({ uid, ip, city, uri, headers, cookies, args });
      const read = name.ok ? await session.read(runtimeInForce(session.keys, name.value)) : name;
      const traced = !read.ok ? read : !request.ok ? request : traceOf(read.value, request.value);
      const words = (trace: Trace | undefined): Outcome => ({
        text: traceText(hostname, trace),
        data: explainAnswer(hostname, trace),
      });
      report(traced, words, options, terminal);
    });
}

/** What becomes of the request; refused where a Lua module of the gateway has a say in it. */
function traceOf(stored: StoredRuntimeInForce | undefined, request: RequestFacts): Result<Trace | undefined> {
  if (stored === undefined) return success(undefined);
  const trace = explain(stored.runtime, request);
  const { decidedBy = Number.POSITIVE_INFINITY } = trace;
  const first = stored.onlyInGateway.find((level) => level.number < decidedBy);
  if (first === undefined) return success(trace);
  const reason = `level ${first.number} is a Lua module, which only a gateway can run; ask its /ab_admin?action=explain`;
  return failure(moduleMissing(first.module, reason));
}

function traceText(hostname: string, trace: Trace | undefined): string {
  const name = printable(hostname);
  if (trace === undefined) return `${name} -> the location's default upstream: no runtime is set for it`;
  const { upstream, decidedBy, levels } = trace;
  const head =
    upstream === undefined
      ? `${name} -> the location's default upstream: no level matches`
      : `${name} -> ${printable(upstream)}, by level ${decidedBy ?? "?"}`;
  const lines = [head, ...levels.flatMap((level) => levelLines(level, decidedBy))];
  return lines.map((line) => wrapped(line, indent)).join("\n");
}

/** As wide as `  level 1  `. */
const indent = 11;

function levelLines(level: LevelTrace, decidedBy: number | undefined): string[] {
  const { number, policyId, divtype, source, userinfo, upstream, why } = level;
  const isReached = decidedBy === undefined || number <= decidedBy;
  const origin = source === "" || source === "request" ? "" : `, ${source}${userinfo === undefined ? "" : ` = '${userinfo}'`}`;
  const title = `policy ${policyId === "" ? "?" : policyId}, ${divtype === "" ? "?" : divtype}${origin}`;
  const result = upstream === undefined ? `no match: ${why}` : `${upstream}: ${why}`;
  return [
    `  level ${number}  ${printable(title)}`,
    `${" ".repeat(indent)}${printable(result)}${isReached ? "" : " (not reached)"}`,
  ];
}
