import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesOnDisk } from "../../../src/node/lvs/render/release.ts";
import { renderCluster } from "../../../src/node/lvs/render/render_lb.ts";
import { writeSet } from "../../../src/node/render/write_set.ts";
import { clusterOf, goldenDocument, renderOptions } from "../../node/lvs/support_cluster.ts";
import { deleteNamespace, makeNamespace, whyNoNamespaces } from "./support/namespaces.ts";

const namespace = `dgsetup${process.pid}`;
const reason = whyNoNamespaces();

describe.skipIf(reason !== undefined)(`setup.sh${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "dygateway-setup-"));
    makeNamespace(namespace);
    inside("ip", "link", "add", "em1", "type", "veth", "peer", "name", "other");
  });
  afterAll(() => {
    deleteNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  });

  const inside = (...command: readonly string[]): string =>
    execFileSync("ip", ["netns", "exec", namespace, ...command], { encoding: "utf8" });

  /** Runs the script of a load balancer that has these local addresses. */
  function setUp(release: string, localAddresses: readonly string[]): void {
    const document = goldenDocument("alibaba");
    const lbinfos = document.lbinfos.map((lb) => ({ ...lb, local_addresses: localAddresses }));
    const layout = { root: "/etc/keepalived/dygw", state: join(folder, "state") };
    const [rendered] = renderCluster(clusterOf({ ...document, lbinfos }), { ...renderOptions, layout });
    writeSet(join(folder, release), rendered === undefined ? [] : filesOnDisk(rendered));
    inside("sh", join(folder, release, "setup.sh"));
  }
  const addresses = (): string[] =>
    [...inside("ip", "-o", "-4", "addr", "show", "dev", "em1").matchAll(/inet (\S+)/g)].map((match) => match[1] ?? "").sort();

  it("puts local addresses on the device, and takes away those of an earlier release and no others", () => {
    inside("ip", "addr", "add", "10.0.19.226/27", "dev", "em1");
    setUp("one", ["10.0.19.230-232"]);
    expect(addresses()).toEqual(["10.0.19.226/27", "10.0.19.230/32", "10.0.19.231/32", "10.0.19.232/32"]);
    inside("sh", join(folder, "one", "setup.sh"));
    expect(addresses()).toHaveLength(4);
    setUp("two", ["10.0.19.231-232", "10.0.19.240"]);
    expect(addresses()).toEqual(["10.0.19.226/27", "10.0.19.231/32", "10.0.19.232/32", "10.0.19.240/32"]);
  });

  it("sets what the kernel needs", () => {
    const settings = ["net.ipv4.ip_forward", "net.ipv4.conf.all.arp_ignore", "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.em1.send_redirects"];
    expect(settings.map((name) => inside("sysctl", "-n", name).trim())).toEqual(["1", "1", "2", "0"]);
  });
});
