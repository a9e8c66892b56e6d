import { appointPolicy, firstGroup, groupBody, population, secondGroup } from "../population.ts";
import type { Bench, SectionReport } from "../report/section.ts";
import { say } from "../say.ts";
import { prepareGateway, type Gateway } from "../stand/gateway.ts";
import { ask } from "../stand/http.ts";
import { appointedUid } from "../population.ts";
import { until } from "../../spec/e2e/support/until.ts";
import { observe, steadyLoad } from "../load/observe.ts";
import { reportLoad, type Episode, type EpisodeKind } from "./load_report.ts";

const workers = 2;
const hostname = "load";
const replacements = 3;

/** What requests notice while a million uids are uploaded, loaded and replaced. */
export async function measureLoad(bench: Bench): Promise<SectionReport> {
  const people = population(bench.settings.scale);
  const gateway = await prepareGateway(bench.site, { name: "load", workers, hostkey: hostname, probe: "stalls" });
  await gateway.start();
  await gateway.ready();
  await gateway.idle();
  const policy = appointPolicy(people, "beta1");
  const groups = [groupBody(people, firstGroup), groupBody(people, secondGroup)];

  const load = steadyLoad(bench, gateway);
  const quietMs = bench.settings.seconds * 1000;
  const episodes: Episode[] = [];
  const during = async (kind: EpisodeKind, what: string, work: () => Promise<unknown>): Promise<void> => {
    const episode = { what, kind, ...(await observe(gateway, load, work)) };
    say(`${what}: ${episode.seconds.toFixed(2)} s; p99 ${episode.load.p99.toFixed(1)} ms, longest stop ${episode.stallCpu.toFixed(1)} ms`);
    episodes.push(episode);
  };
  await during("quiet", "nothing else", () => new Promise((resolve) => setTimeout(resolve, quietMs)));
  await during("upload", "policy", () => gateway.done("policy_set", {}, policy));
  const ids: number[] = [];
  for (const [index, body] of groups.entries()) {
    await during("upload", `group ${index + 1}`, async () => {
      ids.push(((await gateway.done("policygroup_set", {}, body)).data as { groupid: number }).groupid);
    });
  }
  await during("load", "load", () => gateway.done("runtime_set", { hostname, policygroupid: ids[0] ?? -1 }));
  for (let turn = 1; turn <= replacements; turn++) {
    await during("load", `replace ${turn}`, () => gateway.done("runtime_set", { hostname, policygroupid: ids[turn % 2] ?? -1 }));
  }
  const starts = await measureStarts(gateway);
  return reportLoad(people.uids, workers, episodes, starts);
}

/** Seconds until the first right answer, after a start from the snapshot and after a reload. */
async function measureStarts(gateway: Gateway): Promise<readonly (readonly [what: string, seconds: number])[]> {
  await gateway.idle();
  await until("the snapshot is written", async () => {
    const { revision, snapshot } = await gateway.status();
    return snapshot.revision === revision;
  }, 60_000);
  const expected = replacements % 2 === 0 ? firstGroup[0] : secondGroup[0];
  await gateway.stop();
  let started = performance.now();
  await gateway.launch();
  await until("the group is served", async () => (await backendOf(gateway)) === expected, 60_000);
  const fromSnapshot = (performance.now() - started) / 1000;
  await gateway.idle();
  started = performance.now();
  await gateway.reload();
  const reload = (performance.now() - started) / 1000;
  await gateway.stop();
  say(`start from the snapshot: ${fromSnapshot.toFixed(2)} s; reload: ${reload.toFixed(2)} s`);
  return [
    ["start with the group from the snapshot, to the first right answer", fromSnapshot],
    ["reload with the group, until only new workers are there", reload],
  ];
}

async function backendOf(gateway: Gateway): Promise<string> {
  const answer = await ask(gateway.port, { headers: { "X-Uid": String(appointedUid(1)) } });
  return String(answer.headers["x-backend"]);
}
