import { SshStand, whyNoSshd } from "../../spec/e2e/lvs/support/ssh_stand.ts";
import { findCheckers } from "../../src/node/lvs/check/check_release.ts";
import { checkWithKeepalived } from "../../src/node/lvs/check/keepalived_check.ts";
import { lintRelease } from "../../src/node/lvs/check/lint.ts";
import { checkWithVtysh } from "../../src/node/lvs/check/vtysh_check.ts";
import { validateCluster, type ClusterDocument } from "../../src/node/lvs/inventory/index.ts";
import type { Cluster } from "../../src/node/lvs/inventory/model.ts";
import { planCluster, syncCluster } from "../../src/node/lvs/push/cluster_push.ts";
import { planSync } from "../../src/node/lvs/push/plan.ts";
import { prepareReleases, renderReleases, type Workshop } from "../../src/node/lvs/push/prepare.ts";
import { reachOf, type PushRun, type PushSite } from "../../src/node/lvs/push/push_site.ts";
import type { Release } from "../../src/node/lvs/render/release.ts";
import { renderLoadBalancer } from "../../src/node/lvs/render/render_lb.ts";
import { encodeFields } from "../../src/node/lvs/store/codec.ts";
import { clusterKey, wstypesKey } from "../../src/node/lvs/store/keys.ts";
import { clusterDocument, realServers, resolveRealServer, vips } from "../lvs_cluster.ts";
import { target, type Bench, type SectionReport, type Target } from "../report/section.ts";
import { milliseconds, seconds, table } from "../report/table.ts";
import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import { timed } from "../timed.ts";

const hosts = Array.from({ length: 8 }, (_, index) => `lb${index + 11}.test`);
const planRounds = 5;
/** As dygateway.yaml's `lvs.push` has it where nothing is said. */
const parallel = 4;
const ospfKey = "bench-md5-key";
const keyName = "BENCH_OSPF_KEY";

const planWanted = "a sync of 8 load balancers that changes nothing planned within 3 s";
const renderWanted = "one load balancer rendered and linted within 200 ms";

/** One cluster of eight load balancers: rendering one of them, and planning a sync that has nothing to do. */
export async function measureSync(bench: Bench): Promise<Omit<SectionReport, "title">> {
  const document: ClusterDocument = { ...clusterDocument(0, hosts), ospf: { key_from: { env: keyName } } };
  const validation = validateCluster(document);
  if (!validation.ok) throw new BenchError(`the cluster of the benchmark is refused: ${JSON.stringify(validation.problems)}`);
  const { cluster } = validation;
  const workshop: Workshop = {
    layout: { root: "/etc/keepalived/dygw", state: "/run/dygw" },
    ospfFiles: "frr",
    environment: { ...process.env, [keyName]: ospfKey },
    resolve: resolveRealServer,
    checkers: findCheckers(process.env),
  };
  const rendering = await measureRendering(bench, cluster, workshop);
  const planning = whyNoSshd === undefined ? await measurePlanning(bench, document, cluster, workshop) : withoutSshd(whyNoSshd);
  const shape = `Then one cluster of ${hosts.length} load balancers with ${vips} VIPs of ${realServers} real servers and two ports.`;
  return {
    method: `${shape} Rendering: the median of ${bench.settings.rounds} runs after a first one. ${planning.method}`,
    tables: [rendering.table, ...planning.tables],
    targets: [planning.target, rendering.target],
  };
}

async function measureRendering({ settings }: Bench, cluster: Cluster, workshop: Workshop): Promise<{ table: string; target: Target }> {
  const releases = await rendered(cluster, workshop);
  const [release] = releases;
  const [lb] = cluster.lbs;
  if (release === undefined || lb === undefined) throw new BenchError("the cluster of the benchmark has no load balancer");
  const pinned = new Map<string, string>();
  for (const { name } of cluster.vips.flatMap((vip) => vip.realServers)) pinned.set(name, (await resolveRealServer(name))[0] ?? "");
  const { layout, ospfFiles, checkers } = workshop;
  const { rounds } = settings;
  const rendering = await timed(rounds, () => {
    const problems = lintRelease(renderLoadBalancer(cluster, lb, { layout, ospfFiles, ospfKey, pinned }));
    if (problems.length > 0) throw new BenchError(`the lint refuses the files of the benchmark: ${problems[0]?.text ?? ""}`);
  });
  const lint = await timed(rounds, () => lintRelease(release));
  const { keepalived, vtysh } = checkers;
  const outside = async (path: string | undefined, check: (program: string) => unknown): Promise<string> =>
    path === undefined ? "not on this machine" : ((await timed(rounds, () => check(path))) * 1000).toFixed(1);
  const rows = [
    ["rendered and linted", (rendering * 1000).toFixed(1)],
    ["of that the lint", (lint * 1000).toFixed(1)],
    ["besides, keepalived's own check", await outside(keepalived, (path) => checkWithKeepalived(release, cluster.dialect, path))],
    ["besides, vtysh's own check", await outside(vtysh, (path) => checkWithVtysh(release, path))],
  ];
  say(`one load balancer: rendered and linted in ${milliseconds(rendering * 1000)}`);
  const goal = target(renderWanted, rendering * 1000, 200, milliseconds);
  return { table: table([`one load balancer, ${release.files.length} files`, "ms"], rows), target: goal };
}

interface Planning {
  readonly method: string;
  readonly tables: readonly string[];
  readonly target: Target;
}

function withoutSshd(why: string): Planning {
  say(`planning a sync is not measured: ${why}`);
  const measured = { wanted: planWanted, measured: why, ratio: NaN };
  return { method: `Planning a sync was not measured: ${why}.`, tables: [], target: measured };
}

async function measurePlanning(bench: Bench, document: ClusterDocument, cluster: Cluster, workshop: Workshop): Promise<Planning> {
  const { stand } = bench.site;
  // Of the bench's own stand, so that an interrupted run ends it, too.
  const ssh = new SshStand(hosts, (file, args) => stand.start({ name: "sshd", file, args }), stand.folder);
  try {
    await ssh.start();
    await store(bench, document);
    return await planningOver(siteOf(bench, ssh, workshop), cluster);
  } finally {
    await ssh.stop();
  }
}

async function planningOver(site: PushSite, cluster: Cluster): Promise<Planning> {
  const run: PushRun = { signal: new AbortController().signal, emit: () => undefined };
  const first = await timed(1, () => push(site, cluster, run));
  const whole = await timed(planRounds, async () => {
    const planned = await planCluster(site, cluster.name, run);
    if (!planned.ok) throw new BenchError(`nothing could be planned: ${planned.refusal.detail}`);
    const other = planned.value.plans.find(({ kind }) => kind !== "unchanged");
    if (other !== undefined) throw new BenchError(`${other.release.hostname} is ${other.kind} after a sync`);
  });
  const releases = await rendered(cluster, site.workshop);
  const checked = await timed(planRounds, () => prepareReleases(cluster, site.workshop));
  const asked = await timed(planRounds, () => planSync(reachOf(site, run.signal), releases, parallel, run.emit));
  say(`${hosts.length} load balancers: synced in ${seconds(first)}, planned without a change in ${seconds(whole)}`);
  const rows = [
    ["planned, nothing to change", whole.toFixed(3)],
    ["of that rendered, linted and checked", checked.toFixed(3)],
    ["of that asked over ssh", asked.toFixed(3)],
    ["first sync, once", first.toFixed(3)],
  ];
  const stage = `Planning: the cluster is in Redis, and one sshd on ${hosts.length} loopback addresses is its load balancers, ${parallel} of them asked at once.`;
  const course = `Pushed once, then the median of ${planRounds} plans, with keepalived's and vtysh's checks where these are here.`;
  return {
    method: `${stage} ${course} The names of real servers are resolved in the process.`,
    tables: [table([`${hosts.length} load balancers`, "seconds"], rows)],
    target: target(planWanted, whole, 3, seconds),
  };
}

async function rendered(cluster: Cluster, workshop: Workshop): Promise<readonly Release[]> {
  const releases = await renderReleases(cluster, workshop);
  if (!releases.ok) throw new BenchError(`the cluster of the benchmark cannot be rendered: ${releases.problems[0]?.text ?? ""}`);
  return releases.releases;
}

async function push(site: PushSite, cluster: Cluster, run: PushRun): Promise<void> {
  const options = { canary: undefined, parallel, onPlan: () => undefined };
  const synced = await syncCluster(site, cluster.name, options, { who: "bench", from: "bench" }, run);
  if (!synced.ok) {
    const [problem] = synced.refusal.problems;
    throw new BenchError(`nothing could be synced: ${synced.refusal.detail}${problem === undefined ? "" : `: ${problem.path}: ${problem.text}`}`);
  }
  const other = synced.value.outcomes.find(({ outcome }) => outcome !== "updated");
  if (other !== undefined) throw new BenchError(`${other.host} is not updated: ${JSON.stringify(other)}`);
}

async function store({ redis }: Bench, document: ClusterDocument): Promise<void> {
  await redis.client.hset(wstypesKey, "apps", "");
  await redis.client.hset(clusterKey(document.name), Object.fromEntries(encodeFields(document, 1)));
}

function siteOf({ redis }: Bench, ssh: SshStand, workshop: Workshop): PushSite {
  const place = { host: "127.0.0.1", port: 6379, unixSocket: redis.socket, database: 0, username: "", password: "" };
  return {
    redis: { ...place, prefix: "dygateway", connectTimeoutMs: 1000, readTimeoutMs: 10_000 },
    workshop,
    transport: ssh.transport(),
    timeoutMs: 60_000,
    retries: 0,
    parallel,
  };
}
