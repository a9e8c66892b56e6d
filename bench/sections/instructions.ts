import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { join } from "node:path";
import { until } from "../../spec/e2e/support/until.ts";
import { appointedUid, firstGroup, groupBody, otherIp, otherUid, population, rangedIp, rangedUid, suffixPolicy, type Population } from "../population.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { table, whole } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { ask } from "../stand/http.ts";
import type { Nginx } from "../stand/nginx.ts";
import { preparePlainNginx, type PlainKind } from "../stand/plain_nginx.ts";

/** Until what is hot is compiled. */
const warmUp = 800;
const counted = 2000;
/** The instructions of a request do not depend on how many there are in a table. */
const tableShare = 0.01;
/** Valgrind takes its time. */
const patience = 120_000;
/** From a request's header on until it is with its upstream, and its end with the log phase; not what comes in between, nor the timers. */
const parts = ["ngx_http_process_request", "ngx_http_free_request"];

interface Counted {
  readonly what: string;
  /** For a request. */
  readonly instructions: number;
}

/** Why a request costs what it costs: instructions of nginx's process, the same number in each run and on every machine. */
export async function measureInstructions(bench: Bench): Promise<SectionReport> {
  const people = population(tableShare);
  const rows: Counted[] = [];
  const count = async (what: string, server: Nginx): Promise<void> => {
    const instructions = await countInstructions(bench, server, people);
    say(`  ${what.padEnd(44)} ${whole(instructions)}`);
    rows.push({ what, instructions });
  };
  const plain = async (what: string, kind: PlainKind): Promise<void> => {
    await count(what, await preparePlainNginx(bench.site, `instructions-${kind}`, kind, undefined));
  };
  const gateway = async (what: string, name: string, inServer: string | undefined, fill: (gateway: Gateway, hostname: string) => Promise<void>): Promise<void> => {
    const folder = `instructions-${name}`;
    const server = await prepareGateway(bench.site, { name: folder, workers: 1, hostkey: folder, ...(inServer === undefined ? {} : { inServer }) });
    await server.start();
    await server.ready();
    await fill(server, folder);
    await until("the snapshot holds it", async () => (await server.status()).snapshot.current, patience);
    await server.stop();
    await count(what, server);
  };
  await plain("bare nginx", "bare");
  await plain("bare nginx, usual headers", "plain");
  await plain("nginx with map", "map");
  await plain("nginx with empty Lua", "empty");
  await gateway("gateway, nothing in force", "nothing", undefined, () => Promise.resolve());
  await gateway("gateway, uidsuffix", "suffix", undefined, divertBySuffix);
  await gateway("the same, written by hand", "byHand", "# Nothing.\n", divertBySuffix);
  await gateway("gateway, group of three levels", "group", undefined, async (server, hostname) => {
    const { data } = await server.done("policygroup_set", {}, groupBody(people, firstGroup));
    await server.done("runtime_set", { hostname, policygroupid: (data as { groupid: number }).groupid });
  });
  await gateway("gateway, balancing", "balanced", undefined, (server) => makeDynamic(bench, server));
  await gateway("gateway, uidsuffix and balancing", "both", undefined, async (server, hostname) => {
    await makeDynamic(bench, server);
    await divertBySuffix(server, hostname);
  });
  return report(rows);
}

async function divertBySuffix(server: Gateway, hostname: string): Promise<void> {
  const { data } = await server.done("policy_set", {}, suffixPolicy);
  await server.done("runtime_set", { hostname, policyid: (data as { policyid: number }).policyid });
}

async function makeDynamic(bench: Bench, server: Gateway): Promise<void> {
  for (const [upstream, port] of Object.entries(bench.site.backends)) {
    await server.upstreamsDone("add_upstream", { upstream }, `server 127.0.0.1:${port} weight=2;`);
  }
}

/** One process, one connection, one request after the other. */
async function countInstructions(bench: Bench, server: Nginx, people: Population): Promise<number> {
  const out = join(bench.site.stand.folder, "callgrind.out");
  const toggles = parts.map((name) => `--toggle-collect=${name}`);
  const program = await server.launchUnder("valgrind", ["--tool=callgrind", "--smc-check=all-non-file", `--callgrind-out-file=${out}`, ...toggles]);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = async (from: number, count: number): Promise<void> => {
    for (let number = from; number < from + count; number++) {
      const { status } = await ask(server.port, { headers: { Host: "bench.test", ...person(people, number) }, agent });
      if (status !== 200) {
        throw new BenchError(`a request was answered ${status}\n${server.logEnd()}`);
      }
    }
  };
  const control = (option: string): void => {
    execFileSync("callgrind_control", [option, String(program.pid)], { stdio: "ignore" });
  };
  try {
    await until("nginx answers under valgrind", () => ask(server.port, {}).then(() => true, () => false), patience);
    await send(0, warmUp);
    control("--zero");
    await send(warmUp, counted);
    control("--dump");
    const dumped = `${out}.1`;
    const total = Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(dumped, "utf8"))?.[1]);
    rmSync(dumped);
    return total / counted;
  } finally {
    agent.destroy();
    await program.stop();
  }
}

/** As load/requests.lua makes them: one in four for each level, one in four for none. */
function person(people: Population, number: number): Readonly<Record<string, string>> {
  const kind = number % 4;
  const uid = [appointedUid(number % people.uids), rangedUid(number % people.uidRanges, number), otherUid(number), otherUid(number)][kind] ?? 0;
  const ip = kind === 2 ? rangedIp(number % people.ipRanges, number) : otherIp(number % people.ipRanges, number);
  return { "X-Uid": String(uid), "X-Real-IP": ip };
}

function report(rows: readonly Counted[]): SectionReport {
  const bare = rows[0]?.instructions ?? NaN;
  return {
    title: "Instructions of a request",
    method:
      "What nginx's own process executes for a request, the kernel left out, counted by valgrind (callgrind) over " +
      `${whole(counted)} requests of distinct users on one connection after ${whole(warmUp)} that are not counted: from the end of the header until the request is sent to its ` +
      "upstream, and its end with the log phase. Parsing the request, passing on the answer and timers are left out. The number is the same in each run, within a few. The group's " +
      "tables are a hundredth of the full ones, whose instructions are the same. `balancing`: every upstream was set at run time.",
    tables: [
      table(
        ["variant", "instructions", "more than bare"],
        rows.map(({ what, instructions }) => [what, whole(instructions), whole(instructions - bare)]),
      ),
    ],
    targets: [],
  };
}
