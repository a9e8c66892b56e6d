import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findDrift } from "../../../src/node/lvs/push/drift.ts";
import type { PushEvent } from "../../../src/node/lvs/push/events.ts";
import { install, type Reach } from "../../../src/node/lvs/push/load_balancer.ts";
import { planSync, type LbPlan } from "../../../src/node/lvs/push/plan.ts";
import { pushPlans, rollBack, type LbOutcome } from "../../../src/node/lvs/push/sync.ts";
import { releaseOf, type Release } from "../../../src/node/lvs/render/release.ts";
import { until } from "../support/until.ts";
import { programPath } from "./support/program_path.ts";
import { releaseFor } from "./support/releases.ts";
import { hosts, SshHosts, whyNoSshd } from "./support/ssh_hosts.ts";

const [lb11, lb12, lb13, lb14] = hosts;
const all = (mark: string): Release[] => hosts.map((host) => releaseFor(host, mark));

describe.skipIf(whyNoSshd !== undefined)(`push over ssh${whyNoSshd === undefined ? "" : ` (skipped: ${whyNoSshd})`}`, () => {
  let ssh: SshHosts;
  let events: PushEvent[];
  let abort: AbortController;

  beforeAll(async () => {
    ssh = new SshHosts();
    await ssh.start();
  });
  afterAll(() => ssh.stop());
  beforeEach(() => {
    events = [];
    abort = new AbortController();
    ssh.trust();
  });
  afterEach(() => {
    ssh.unmount();
    for (const host of hosts) rmSync(join(ssh.folder, host), { recursive: true, force: true });
  });

  const emit = (event: PushEvent): void => void events.push(event);
  const reach = (): Reach => ({
    transport: ssh.transport(),
    root: "/etc/keepalived/dygw",
    timeoutMs: 30_000,
    retries: 0,
    signal: abort.signal,
  });
  const plan = (releases: Release[]): Promise<LbPlan[]> => planSync(reach(), releases, 4, emit);
  const push = async (releases: Release[], canary?: string): Promise<LbOutcome[]> =>
    pushPlans(reach(), await plan(releases), { dialect: "mainline", parallel: 4, canary }, emit);
  /** Something to begin with, by the same script without ssh before it. */
  const put = async (releases: Release[]): Promise<void> => {
    const direct: Reach = { ...reach(), transport: ssh.direct() };
    for (const release of releases) expect(await install(direct, release, "mainline", () => undefined)).toMatchObject({ ok: true });
  };
  const outcomes = (list: readonly LbOutcome[]): string[] => list.map(({ host, outcome }) => `${host} ${outcome}`);
  const current = (host: string): string => readlinkSync(join(ssh.root(host), "current")).replace("releases/", "");
  const digest = (host: string, mark: string): string => releaseFor(host, mark).digest;
  const at = (host: string, path: string): string => join(ssh.root(host), "current", path);

  it("puts every file in place with its mode, and does nothing the second time", async () => {
    expect(outcomes(await push(all("one")))).toEqual(hosts.map((host) => `${host} updated`));
    for (const host of hosts) {
      for (const file of releaseFor(host, "one").files) {
        expect(readFileSync(at(host, file.path), "utf8")).toBe(file.text);
        expect(statSync(at(host, file.path)).mode & 0o777).toBe(file.mode);
      }
      expect(readFileSync(join(ssh.folder, host, "keepalived.conf"), "utf8")).toBe("include dygw/current/keepalived.conf\n");
    }
    const before = statSync(ssh.root(lb11)).mtimeMs;
    expect(outcomes(await push(all("one")))).toEqual(hosts.map((host) => `${host} unchanged`));
    expect(statSync(ssh.root(lb11)).mtimeMs).toBe(before);
  });

  it("plans with differences and without the OSPF key, and changes nothing", async () => {
    await put(all("one"));
    const [planned] = await plan(all("two"));
    const changes = planned?.kind === "changed" ? planned.changes : [];
    expect(changes.map(({ kind, path }) => `${kind} ${path}`)).toEqual([
      "changed frr.conf",
      "changed keepalived.conf",
      "changed vips/10.8.0.1.conf",
      "changed vips/10.8.0.2.conf",
    ]);
    expect(JSON.stringify(changes)).not.toContain("secret-");
    expect(changes[0]?.after).toContain("md5 <hidden, changed>");
    expect(changes[2]?.before).toContain("# one\n");
    expect(current(lb11)).toBe(digest(lb11, "one"));
  });

  it("changes the canary first, verifies it, and then the rest", async () => {
    await push(all("one"), lb13);
    const order = events.flatMap((event) => (event.kind === "done" ? [`${event.host} ${event.outcome}`] : event.kind === "step" && event.step === "sending" ? [`${event.host} sending`] : []));
    const [first, second] = order.slice(hosts.length);
    expect([first, second]).toEqual([`${lb13} sending`, `${lb13} updated`]);
  });

  it("touches no other load balancer when the canary fails", async () => {
    await put(all("one"));
    const broken = all("two").map((release) =>
      release.hostname === lb12 ? { ...release, digest: release.digest.replace(/^./, (first) => (first === "0" ? "1" : "0")) } : release,
    );
    const ended = await push(broken, lb12);
    expect(outcomes(ended)).toEqual([`${lb11} skipped`, `${lb12} failed`, `${lb13} skipped`, `${lb14} skipped`]);
    expect(ended[1]?.reason).toContain("what arrived is not what was sent");
    for (const host of hosts) expect(current(host)).toBe(digest(host, "one"));
  });

  it("finishes the others when one is unreachable, one has another host key and one a full disk", async () => {
    const isSmall = ssh.smallDisk(lb14, 256 * 1024);
    ssh.trust(lb13);
    const releases = hosts.map((host) => releaseFor(host, "one", host === lb14 ? 4_000_000 : 0));
    const unreachable: Reach = {
      ...reach(),
      transport: (call) => ssh.transport()(call.host === lb12 ? { ...call, host: "lb12.invalid" } : call),
    };
    const plans = await planSync(unreachable, releases, 4, emit);
    const ended = await pushPlans(unreachable, plans, { dialect: "mainline", parallel: 4, canary: undefined }, emit);
    expect(outcomes(ended).slice(0, 3)).toEqual([`${lb11} updated`, `${lb12} failed`, `${lb13} failed`]);
    expect(ended[1]?.reason).toMatch(/resolve|not known|temporary failure/i);
    expect(ended[2]?.reason).toBe("its host key is not the one in known_hosts");
    expect(existsSync(ssh.root(lb13))).toBe(false);
    if (isSmall) {
      expect(ended[3]).toMatchObject({ outcome: "failed", reason: expect.stringContaining("No space left on device") });
      expect(readdirSync(ssh.root(lb14))).toEqual(["releases"]);
      expect(readdirSync(join(ssh.root(lb14), "releases"))).toEqual([]);
    }
  });

  it("leaves the old release in place when it is killed mid-transfer, and the next sync goes through", async () => {
    await put([releaseFor(lb11, "one")]);
    const large = releaseFor(lb11, "two", 150_000_000);
    const sending = install(reach(), large, "mainline", () => undefined);
    const arrived = (): number => {
      const incoming = readdirSync(ssh.root(lb11)).find((name) => name.startsWith("incoming."));
      return incoming === undefined ? 0 : statSync(join(ssh.root(lb11), incoming, "ballast.txt")).size;
    };
    await until("a part of it has arrived", () => arrived() > 1_000_000, 20_000);
    abort.abort();
    expect(await sending).toMatchObject({ ok: false, refusal: { kind: "aborted" } });
    await until("the load balancer has given up", () => !readdirSync(ssh.root(lb11)).some((name) => name.startsWith("incoming.")), 20_000);
    expect(current(lb11)).toBe(digest(lb11, "one"));
    abort = new AbortController();
    expect(outcomes(await push([releaseFor(lb11, "two")]))).toEqual([`${lb11} updated`]);
  });

  it("takes over the lock of a session that is gone, and not that of one that works", async () => {
    await put([releaseFor(lb11, "one")]);
    const started = readFileSync(`/proc/${process.pid}/stat`, "utf8").split(") ")[1]?.split(" ")[19] ?? "";
    const lock = join(ssh.root(lb11), "lock");
    const held = async (content: string): Promise<LbOutcome[]> => {
      rmSync(lock, { force: true });
      symlinkSync(content, lock);
      return push([releaseFor(lb11, `two ${content}`)]);
    };
    const [busy] = await held(`${process.pid}.${started}`);
    expect(busy).toMatchObject({ outcome: "failed", reason: `process ${process.pid} works on ${ssh.root(lb11)}` });
    const [taken] = await held(`${process.pid}.1`);
    expect(taken).toMatchObject({ outcome: "updated" });
    expect(existsSync(lock)).toBe(false);
  });

  it.skipIf(programPath("keepalived") === undefined)("does not put in place what keepalived there refuses", async () => {
    await put([releaseFor(lb11, "one")]);
    const { hostname, files } = releaseFor(lb11, "two");
    const broken = releaseOf(hostname, files.map((file) => ({ ...file, text: file.text.replace("lb_kind NAT", "lb_kind") })));
    const [ended] = await push([broken]);
    expect(ended).toMatchObject({ outcome: "failed", reason: expect.stringContaining("missing a parameter after keyword `lb_kind`") });
    expect(current(lb11)).toBe(digest(lb11, "one"));
  });

  it("finds what was edited, added, removed and made readable, and repairs it", async () => {
    await put(all("one"));
    appendFileSync(at(lb11, "keepalived.conf"), "# by hand\n");
    writeFileSync(at(lb12, "vips/10.8.0.9.conf"), "# more\n");
    rmSync(at(lb13, "vips/10.8.0.1.conf"));
    ssh.trust(lb14);
    const drift = await findDrift(reach(), all("one"), 4, emit);
    expect(drift).toEqual([
      { kind: "drifted", host: lb11, isOtherRelease: false, files: [{ path: "keepalived.conf", kind: "edited" }], remarks: [] },
      { kind: "drifted", host: lb12, isOtherRelease: false, files: [{ path: "vips/10.8.0.9.conf", kind: "extra" }], remarks: [] },
      { kind: "drifted", host: lb13, isOtherRelease: false, files: [{ path: "vips/10.8.0.1.conf", kind: "missing" }], remarks: [] },
      { kind: "unreachable", host: lb14, reason: "its host key is not the one in known_hosts" },
    ]);
    ssh.trust();
    expect(outcomes(await push(all("one")))).toEqual([`${lb11} updated`, `${lb12} updated`, `${lb13} updated`, `${lb14} unchanged`]);
    const repaired = await findDrift(reach(), all("one"), 4, emit);
    expect(repaired.map(({ kind }) => kind)).toEqual(["none", "none", "none", "none"]);
    // What is in use is never changed in place: the repaired one is another folder.
    expect(current(lb11)).toBe(`${digest(lb11, "one")}-2`);
  });

  it("goes back to the release before, and forth again, and not to a damaged one", async () => {
    await put([releaseFor(lb11, "one"), releaseFor(lb11, "two")]);
    expect(outcomes(await rollBack(reach(), [lb11], 1, emit))).toEqual([`${lb11} rolled back`]);
    expect(current(lb11)).toBe(digest(lb11, "one"));
    expect(outcomes(await rollBack(reach(), [lb11], 1, emit))).toEqual([`${lb11} rolled back`]);
    expect(current(lb11)).toBe(digest(lb11, "two"));
    appendFileSync(join(ssh.root(lb11), "previous", "frr.conf"), "! by hand\n");
    const [ended] = await rollBack(reach(), [lb11], 1, emit);
    expect(ended).toMatchObject({ outcome: "failed", reason: expect.stringContaining("is not what it was") });
    expect(current(lb11)).toBe(digest(lb11, "two"));
  });

  it("never replaces a keepalived.conf that is there, and says what is wrong with it", async () => {
    mkdirSync(join(ssh.folder, lb11), { recursive: true });
    writeFileSync(join(ssh.folder, lb11, "keepalived.conf"), "# the operator's\n");
    await push([releaseFor(lb11, "one")]);
    expect(readFileSync(join(ssh.folder, lb11, "keepalived.conf"), "utf8")).toBe("# the operator's\n");
    const [drift] = await findDrift(reach(), [releaseFor(lb11, "one")], 1, emit);
    expect(drift).toMatchObject({ kind: "none", remarks: ["keepalived.conf does not include the current release"] });
  });

  it("shows a reader whole releases only, during 200 swaps, and keeps a bounded number of them", async () => {
    // Without frr.conf, which vtysh would judge 200 times.
    const releases = Array.from({ length: 20 }, (_, number) => {
      const { hostname, files } = releaseFor(lb11, `mark ${number}`);
      return releaseOf(hostname, files.filter(({ path }) => path !== "frr.conf"));
    });
    const [first] = releases;
    if (first === undefined) throw new Error("there are twenty");
    await put([first]);
    const reader = readWhole(ssh.root(lb11));
    try {
      for (let swap = 1; swap <= 200; swap += 1) {
        // One in twenty over ssh, the others by the same script without it: what is swapped how is the same, the test quicker.
        const through = swap % 20 === 0 ? reach() : { ...reach(), transport: ssh.direct() };
        expect(await install(through, releases[swap % releases.length] ?? first, "alibaba", () => undefined)).toMatchObject({ ok: true });
      }
    } finally {
      await reader.stop();
    }
    expect(reader.seen().filter((line) => line !== "whole")).toEqual([]);
    expect(reader.seen().length).toBeGreaterThan(50);
    expect(readdirSync(join(ssh.root(lb11), "releases")).length).toBeLessThanOrEqual(10);
  }, 240_000);
});

/** Follows `current` once, as keepalived does, and holds everything there against its manifest; again and again. */
function readWhole(root: string): { readonly seen: () => string[]; readonly stop: () => Promise<void> } {
  const script = "while sleep 0.03; do (cd current && sha256sum --quiet -c MANIFEST && echo whole) 2>&1 || echo broken; done";
  const reader = spawn("sh", ["-c", script], { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
  let text = "";
  reader.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
  const closed = new Promise<void>((resolve) => reader.once("close", () => resolve()));
  return {
    seen: () => text.split("\n").slice(0, -1),
    stop: async () => {
      // Between two readings or in one: what is cut off is no line.
      process.kill(-(reader.pid ?? 0), "SIGKILL");
      await closed;
    },
  };
}
