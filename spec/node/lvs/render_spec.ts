import { describe, expect, it } from "vitest";
import { systemResolver, resolveRealServers } from "../../../src/node/lvs/resolve.ts";
import { addressRanges } from "../../../src/node/lvs/render/keepalived_view.ts";
import type { Release } from "../../../src/node/lvs/render/release.ts";
import { renderCluster, renderLoadBalancer } from "../../../src/node/lvs/render/render_lb.ts";
import { addressToken, deviceToken, nameToken, numberToken, ospfKeyToken, urlPathToken } from "../../../src/node/lvs/render/token.ts";
import { clusterOf, goldenDocument, renderOptions } from "./support_cluster.ts";

function releaseOf(document: unknown, options = renderOptions): Release {
  const [release] = renderCluster(clusterOf(document), options);
  if (release === undefined) throw new Error("there is a load balancer");
  return release;
}
const text = (release: Release, path: string): string => release.files.find((file) => file.path === path)?.text ?? "";

describe("rendering", () => {
  it.each(["mainline", "alibaba", "dpvs"])("gives the same bytes whatever the order of lists and keys: %s", (dialect) => {
    const turned = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(turned).reverse();
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, turned(part)] as const).reverse());
    };
    const document = goldenDocument(dialect);
    expect(releaseOf(turned(document))).toEqual(releaseOf(document));
  });

  it("has another digest when anything changes, the OSPF key too", () => {
    const document = goldenDocument("mainline");
    const digests = [
      releaseOf(document),
      releaseOf(document, { ...renderOptions, ospfKey: "another" }),
      releaseOf(document, { ...renderOptions, pinned: new Map([...renderOptions.pinned, ["10.0.30.3", "10.0.30.9"]]) }),
      releaseOf({ ...document, scheduler: "rr" }),
    ].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(4);
  });

  it("writes no key where the cluster has none", () => {
    const release = releaseOf(goldenDocument("alibaba"), { ...renderOptions, ospfKey: undefined });
    expect(text(release, "frr.conf")).not.toMatch(/md5|authentication/);
  });

  it("keeps the key out of everything but OSPF's files, and those from other users", () => {
    for (const ospfFiles of ["frr", "quagga"] as const) {
      const holding = releaseOf(goldenDocument("alibaba"), { ...renderOptions, ospfFiles }).files.filter((file) => file.text.includes("golden-key"));
      expect(holding.map(({ path, mode }) => [path, mode])).toEqual([[ospfFiles === "frr" ? "frr.conf" : "ospfd.conf", 0o640]]);
    }
  });

  it("gives DPVS' local addresses their device each, and 1.2.2 ranges", () => {
    expect(text(releaseOf(goldenDocument("dpvs")), "keepalived.conf")).toContain("    10.0.19.230 em1\n    10.0.19.240 em1\n");
    expect(text(releaseOf(goldenDocument("alibaba")), "keepalived.conf")).toContain("    10.0.19.227-254\n");
  });

  it("has the hook only where keepalived does not put VIPs on lo itself", () => {
    const paths = (dialect: string): string[] => releaseOf(goldenDocument(dialect)).files.map(({ path }) => path);
    expect(paths("alibaba")).not.toContain("vip_hook.sh");
    expect(paths("mainline")).toContain("vip_hook.sh");
    expect(text(releaseOf(goldenDocument("dpvs")), "vip_hook.sh")).toContain('dpip addr add "$1/32" dev em1');
  });

  it("refuses to render what was not resolved", () => {
    const cluster = clusterOf(goldenDocument("alibaba"));
    const [lb] = cluster.lbs;
    if (lb === undefined) throw new Error("there is one");
    expect(() => renderLoadBalancer(cluster, lb, { ...renderOptions, pinned: new Map() })).toThrow("was not resolved");
  });

  it("renders a load balancer of 50 VIPs with 20 real servers each in 200 ms", () => {
    const vips = Array.from({ length: 50 }, (_, v) => ({
      vip: `60.28.208.${v + 1}`,
      wstype: "apps",
      wss: Array.from({ length: 20 }, (__, n) => `10.20.${v}.${n + 1}`),
      ports: [80, 443].map((port) => ({ sport: port, dport: port })),
    }));
    const cluster = clusterOf({ ...goldenDocument("alibaba"), vip2ws: vips });
    const pinned = new Map(cluster.vips.flatMap((vip) => vip.realServers.map(({ name }) => [name, name] as const)));
    renderCluster(cluster, { ...renderOptions, pinned });
    const began = performance.now();
    renderCluster(cluster, { ...renderOptions, pinned });
    expect(performance.now() - began).toBeLessThan(200);
  });
});

describe("ranges of addresses", () => {
  it.each([
    [[], []],
    [["10.0.0.1"], ["10.0.0.1"]],
    [["10.0.0.1", "10.0.0.2", "10.0.0.4"], ["10.0.0.1-2", "10.0.0.4"]],
    [["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"], ["10.0.0.254-255", "10.0.1.0-1"]],
  ])("%j", (addresses, ranges) => {
    expect(addressRanges(addresses)).toEqual(ranges);
  });
});

describe("what can be written to a file", () => {
  it.each([
    [nameToken, "a\nb"],
    [nameToken, "a b"],
    [nameToken, 'a"b'],
    [nameToken, "a}"],
    [nameToken, "$(id)"],
    [nameToken, ""],
    [deviceToken, "em1;id"],
    [deviceToken, "a-device-too-long"],
    [addressToken, "10.0.0.1 # x"],
    [urlPathToken, "/x\ny"],
    [urlPathToken, "/x}"],
    [ospfKeyToken, "seventeen-letters"],
    [ospfKeyToken, "with space"],
    [ospfKeyToken, "a#b"],
  ] as const)("is not %o %j", (token, value) => {
    expect(() => token(value)).toThrow("cannot be written");
  });

  it("is no number that is none, and the refusal of a key does not show it", () => {
    expect(() => numberToken(-1)).toThrow();
    expect(() => numberToken(1.5)).toThrow();
    expect(() => ospfKeyToken("secret secret")).not.toThrow("secret");
  });
});

describe("resolving real servers", () => {
  const cluster = clusterOf(goldenDocument("mainline"));
  const answers = (table: Readonly<Record<string, string[]>>) => (name: string) =>
    name in table ? Promise.resolve(table[name] ?? []) : Promise.reject(new Error(`ENOTFOUND ${name}`));
  const good = {
    "apps-extngtest0-bgp0.hy01": ["10.0.30.1"],
    "apps-extngtest1-bgp0.hy01": ["10.0.30.2"],
    "search-extngtest0-bgp0.hy01": ["10.0.31.1"],
  };

  it("pins one address for each name, and takes an address as it is", async () => {
    const resolved = await resolveRealServers([cluster], answers(good));
    expect(resolved.ok && [...resolved.pinned].sort()).toEqual(
      [["10.0.30.3", "10.0.30.3"], ...Object.entries(good).map(([name, [address]]) => [name, address])].sort(),
    );
  });

  it.each([
    [{ "search-extngtest0-bgp0.hy01": [] }, "search-extngtest0-bgp0.hy01 has no IPv4 address"],
    [{ "search-extngtest0-bgp0.hy01": ["10.0.31.2", "10.0.31.1"] }, "has several addresses: 10.0.31.1, 10.0.31.2"],
    [{ "search-extngtest0-bgp0.hy01": ["127.0.1.1"] }, "which no other machine can reach"],
    [{ "search-extngtest0-bgp0.hy01": ["60.28.208.9"] }, "inside a vipnet"],
    [{ "apps-extngtest1-bgp0.hy01": ["10.0.30.3"] }, "apps-extngtest1-bgp0.hy01 is 10.0.30.3, and so is 10.0.30.3"],
  ])("refuses %j", async (table, said) => {
    const resolved = await resolveRealServers([cluster], answers({ ...good, ...table }));
    expect(resolved).toMatchObject({ ok: false, problems: [{ text: expect.stringContaining(said) }] });
  });

  it("says all that is wrong, and behind which VIPs", async () => {
    const resolved = await resolveRealServers([cluster], answers({}));
    expect(resolved.ok ? [] : resolved.problems.map(({ name, places }) => [name, ...places])).toEqual([
      ["apps-extngtest0-bgp0.hy01", "vip2ws[60.28.208.1].wss"],
      ["apps-extngtest1-bgp0.hy01", "vip2ws[60.28.208.1].wss"],
      ["search-extngtest0-bgp0.hy01", "vip2ws[60.28.208.2].wss"],
    ]);
  });

  it("asks the machine's own resolver for all addresses", async () => {
    expect(await systemResolver("localhost")).toContain("127.0.0.1");
  });
});
