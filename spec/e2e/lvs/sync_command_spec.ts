import { appendFileSync, existsSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { syncLockKey } from "../../../src/node/lvs/push/sync_lock.ts";
import { StoreCli } from "../../node/cli_store.ts";
import { startStore, type StoreServer } from "../../node/store_server.ts";
import { until } from "../support/until.ts";
import { hosts, SshHosts, whyNoSshd } from "./support/ssh_hosts.ts";

const [lb11, lb12, lb13, lb14] = hosts;
const name = "hy";

const document = {
  name,
  type: "internal",
  device: "em1",
  dialect: "mainline",
  lb_kind: "NAT",
  ospf: { key_from: { file: "/replaced" } },
  vipnets: ["10.88.0.0/24"],
  lbinfos: hosts.map((hostname, index) => ({
    hostname,
    routerid: `10.77.0.${index + 10}`,
    internalip: `10.77.0.${index + 10}`,
    internalnetmask: "255.255.255.0",
    internalgateway: "10.77.0.1",
    ospfnet: "10.77.0.0/24",
  })),
  vip2ws: [{ vip: "10.88.0.1", wstype: "apps", wss: ["10.79.0.10"], ports: [{ sport: 80, dport: 80 }] }],
};

describe.skipIf(whyNoSshd !== undefined)(`dygateway lvs sync${whyNoSshd === undefined ? "" : ` (skipped: ${whyNoSshd})`}`, () => {
  let ssh: SshHosts;
  let store: StoreServer;
  let cli: StoreCli;
  let folder: string;

  beforeAll(async () => {
    ssh = new SshHosts();
    await ssh.start();
    store = await startStore();
    folder = ssh.folder;
    writeFileSync(join(folder, "ospf_key"), "very-secret\n");
  });
  afterAll(async () => {
    try {
      await store.stop();
    } finally {
      await ssh.stop();
    }
  });
  beforeEach(async () => {
    await store.client.flushall();
    ssh.trust();
    cli = new StoreCli(store, {
      lvs: { push: { known_hosts: ssh.knownHosts, ssh_config: ssh.configFile, retries: 0, timeout: "30s", connect_timeout: "5s" } },
    });
    await cli.done("lvs", "wstype", "register", "apps");
    const file = cli.file(JSON.stringify({ ...document, ospf: { key_from: { file: join(folder, "ospf_key") } } }));
    expect((await cli.run("lvs", "cluster", "create", file)).code).toBe(0);
  });
  afterEach(() => {
    for (const host of hosts) rmSync(join(folder, host), { recursive: true, force: true });
  });
  const current = (host: string): string => readlinkSync(join(ssh.root(host), "current"));

  it("plans, changes the canary first, then the rest, and says what to run where", async () => {
    const planned = await cli.run("lvs", "sync", name, "--dry-run");
    expect(planned.code).toBe(1);
    expect(planned.out).toContain(`${hosts.join(", ")}: its first release`);
    expect(existsSync(ssh.root(lb11))).toBe(false);

    const synced = await cli.run("lvs", "sync", name, "--canary", lb12);
    expect(synced).toMatchObject({ code: 0 });
    expect(synced.err.split("\n").find((line) => line.endsWith(": updated"))).toBe(`${lb12}: updated`);
    expect(synced.out).toContain("4 load balancers: 4 updated");
    expect(synced.out).toContain("nothing was reloaded; to use the files, on one load balancer after the other:");
    expect(synced.out).toContain("    keepalived -e -t -f /etc/keepalived/keepalived.conf && systemctl reload keepalived");
    expect(synced.out + synced.err + planned.out).not.toContain("very-secret");
    expect(readFileSync(join(ssh.root(lb13), "current", "frr.conf"), "utf8")).toContain("md5 very-secret");
    expect(await store.client.exists(syncLockKey(name))).toBe(0);

    const again = await cli.run("lvs", "sync", name);
    expect(again).toMatchObject({ code: 0 });
    expect(again.out).toContain("4 load balancers: 4 unchanged");
    expect(again.out).not.toContain("reload");
  });

  it("shows the difference of a change, syncs it, and goes back", async () => {
    await cli.done("lvs", "sync", name, "--json");
    const before = current(lb11);
    expect((await cli.run("lvs", "ws", "add", name, "10.88.0.1", "10.79.0.11")).code).toBe(0);
    const planned = await cli.run("lvs", "plan", name);
    expect(planned.out).toContain(`${hosts.join(", ")}: 1 files differ`);
    expect(planned.out).toMatch(/^ {4}\+ {5}real_server 10\.79\.0\.11 80 \{$/m);
    expect((await cli.run("lvs", "sync", name)).code).toBe(0);
    expect(current(lb11)).not.toBe(before);
    const back = await cli.run("lvs", "rollback", name, "--lb", lb11);
    expect(back).toMatchObject({ code: 0 });
    expect(back.out).toContain("1 load balancers: 1 rolled back");
    expect(current(lb11)).toBe(before);
    expect(current(lb14)).not.toBe(before);
    const drift = await cli.run("lvs", "drift", name);
    expect(drift.code).toBe(1);
    expect(drift.out).toContain(`${lb11}: has another release\n  edited    vips/10.88.0.1.conf`);
    expect(drift.out).toContain(`${lb12}: as it should be`);
  });

  it("ends with 1 and finishes the others when one fails", async () => {
    ssh.trust(lb14);
    const synced = await cli.run("lvs", "sync", name);
    expect(synced.code).toBe(1);
    expect(synced.err).toContain(`${lb14}: failed: its host key is not the one in known_hosts`);
    expect(synced.out).toContain("4 load balancers: 3 updated, 1 failed");
  });

  it("tells a second sync who is at work, and leaves the first alone", async () => {
    const first = cli.run("lvs", "sync", name);
    await until("the first has the lock", async () => (await store.client.exists(syncLockKey(name))) === 1, 10_000);
    const second = await cli.run("lvs", "sync", name);
    expect(second.code).toBe(1);
    expect(second.err).toMatch(/the load balancers of hy are being worked on by ann\s+\(cli@/);
    expect(await first).toMatchObject({ code: 0 });
  });

  it("changes nothing when the files cannot be rendered", async () => {
    writeFileSync(join(folder, "ospf_key"), "much-longer-than-sixteen\n");
    const synced = await cli.run("lvs", "sync", name);
    writeFileSync(join(folder, "ospf_key"), "very-secret\n");
    expect(synced.code).toBe(1);
    expect(synced.err).toContain("ospf.key_from.file: the md5 key has 24 characters");
    expect(existsSync(ssh.root(lb11))).toBe(false);
  });

  it("renders into a folder, and checks", async () => {
    const output = join(folder, "rendered");
    expect((await cli.run("lvs", "render", name, "-o", output)).code).toBe(0);
    expect(readFileSync(join(output, lb11, "keepalived.conf"), "utf8")).toContain("include vips/10.88.0.1.conf");
    appendFileSync(join(output, lb11, "keepalived.conf"), "# by hand\n");
    expect((await cli.run("lvs", "render", name, "-o", output)).code).toBe(0);
    expect(readFileSync(join(output, lb11, "keepalived.conf"), "utf8")).not.toContain("by hand");
    expect(await cli.done("lvs", "check", name)).toBe(`${name}: 24 files of 4 load balancers are fine`);
  });
});
