import { describe, expect, it } from "vitest";
import { checkReleases, findCheckers } from "../../../src/node/lvs/check/check_release.ts";
import { checkWithKeepalived } from "../../../src/node/lvs/check/keepalived_check.ts";
import { lintRelease } from "../../../src/node/lvs/check/lint.ts";
import { checkProblemText } from "../../../src/node/lvs/check/problem.ts";
import { checkWithVtysh } from "../../../src/node/lvs/check/vtysh_check.ts";
import { releaseOf, type Release } from "../../../src/node/lvs/render/release.ts";
import { renderCluster } from "../../../src/node/lvs/render/render_lb.ts";
import { clusterOf, goldenDocument, renderOptions } from "./support_cluster.ts";

const checkers = findCheckers(process.env);
const keepalived = checkers.keepalived ?? "/keepalived is not installed";
const vtysh = checkers.vtysh ?? "/vtysh is not installed";

function releaseFor(dialect: string, ospfFiles: "frr" | "quagga" = "frr"): Release {
  const [release] = renderCluster(clusterOf(goldenDocument(dialect)), { ...renderOptions, ospfFiles });
  if (release === undefined) throw new Error("the golden cluster has no load balancer");
  return release;
}

/** A release in which a file has one text for another. */
function spoiled(release: Release, path: string, from: string | RegExp, to: string): Release {
  const files = release.files.map((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
  if (files.every((file, index) => file.text === release.files[index]?.text)) throw new Error(`${path} has no ${String(from)}`);
  return releaseOf(release.hostname, files);
}

const lint = (release: Release): string[] => lintRelease(release).map(checkProblemText);
const lb = "sa-extlbtest0-bgp0.hy01";
const vip = "vips/60.28.208.1.conf";

describe("what is rendered", () => {
  it.each([
    ["mainline", "frr"],
    ["alibaba", "frr"],
    ["alibaba", "quagga"],
    ["dpvs", "frr"],
  ] as const)("passes every check: %s with %s", async (dialect, ospfFiles) => {
    const report = await checkReleases([releaseFor(dialect, ospfFiles)], dialect, checkers);
    expect(report).toEqual({ problems: [], remarks: [] });
  });

  it("is linted where there is neither keepalived nor FRR, and the report says what is missing", async () => {
    const release = spoiled(releaseFor("mainline"), "frr.conf", "dead-interval 4", "dead-interval 1");
    const report = await checkReleases([release], "mainline", { keepalived: undefined, vtysh: undefined });
    expect(report.problems).toHaveLength(1);
    expect(report.remarks).toEqual([expect.stringContaining("install keepalived"), expect.stringContaining("install frr")]);
  });
});

describe("keepalived's judgement names file, line and inventory path", () => {
  it.each([
    ["mainline", /lb_algo wlc/, "lb_algo", `${lb}: ${vip}:5 (vip2ws[60.28.208.1].ports[80]): `],
    ["alibaba", /lb_algo wrr/, "lb_algo", `${lb}: ${vip}:5 (vip2ws[60.28.208.1].ports[80]): `],
    ["dpvs", /retry 3/, "retry x", `${lb}: ${vip}:25 (vip2ws[60.28.208.1].ports[80].wss[apps-extngtest0-bgp0.hy01]): `],
    ["mainline", /connect_timeout 1/, "connect_timeout x", `${lb}: ${vip}:25 (vip2ws[60.28.208.1].ports[80].wss[10.0.30.3]): `],
  ] as const)("%s: %s", async (dialect, from, to, said) => {
    const problems = await checkWithKeepalived(spoiled(releaseFor(dialect), vip, from, to), dialect, keepalived);
    expect(problems.map(checkProblemText)).toContainEqual(expect.stringContaining(said));
  });

  it("takes a remark for a failure, also when it ends with 0", async () => {
    const problems = await checkWithKeepalived(spoiled(releaseFor("mainline"), vip, "protocol TCP\n", "\n"), "mainline", keepalived);
    expect(problems.map(checkProblemText)).toContainEqual(expect.stringContaining("no protocol set"));
    expect(problems[0]?.place).toBe("vip2ws[60.28.208.1].ports[80]");
  });

  it("says where a file that is included is not", async () => {
    const release = releaseFor("mainline");
    const without = releaseOf(lb, release.files.filter((file) => file.path !== vip));
    const problems = await checkWithKeepalived(without, "mainline", keepalived);
    expect(problems.map(checkProblemText)).toContainEqual(expect.stringContaining(`${lb}: keepalived.conf:11 (vip2ws[60.28.208.1]): `));
  });

  it("says why, where keepalived cannot be run", async () => {
    const [problem] = await checkWithKeepalived(releaseFor("mainline"), "mainline", "/nowhere/keepalived");
    expect(problem?.text).toContain("ENOENT");
  });
});

describe("FRR's judgement names file, line and inventory path", () => {
  it.each([
    ["router-id 60.29.246.186", "router-id 60.29.246", `frr.conf:17 (lbinfos[${lb}].routerid): `, "router-id 60.29.246"],
    ["hello-interval 1", "hello-interval 0", "frr.conf:11 (ospf.hello): ", "hello-interval 0"],
    ["area 0.0.0.7", "area x", `frr.conf:21 (lbinfos[${lb}].ospfnet): `, "area x"],
  ])("%s", async (from, to, where, said) => {
    const [problem] = await checkWithVtysh(spoiled(releaseFor("mainline"), "frr.conf", from, to), vtysh);
    const text = problem === undefined ? "" : checkProblemText(problem);
    expect(text).toContain(`${lb}: ${where}`);
    expect(text).toContain(said);
  });
});

describe("the lint finds what they let pass", () => {
  it.each([
    ["a VIP's port twice", vip, "virtual_server 60.28.208.1 443", "virtual_server 60.28.208.1 80", `${vip}:62 (vip2ws[60.28.208.1].ports[80]): the virtual server 60.28.208.1 80 is there twice`],
    ["a real server's port 0", vip, "10.0.30.1 8080", "10.0.30.1 0", "has no port between 1 and 65535"],
    ["a real server twice", vip, "10.0.30.1 8080", "10.0.30.3 8080", "the real server 10.0.30.3 8080 is there twice"],
    ["an empty persistence_timeout", vip, "persistence_timeout 50", "persistence_timeout", "persistence_timeout has no seconds"],
    ["a quorum that cannot be reached", vip, "quorum 5", "quorum 12", "quorum 12 is more than the real servers' weights together, 11"],
    ["a block that is open", vip, /\}\n$/, "\n", "ends inside a block"],
    ["a value that was not there", vip, "wlc", "undefined", "holds what no value of the inventory is"],
    ["a missing include", "keepalived.conf", "include vips/60.28.208.2.conf\n", "", "vips/60.28.208.2.conf (vip2ws[60.28.208.2]): is not included"],
    ["a dead interval below hello", "frr.conf", "dead-interval 4", "dead-interval 1", "frr.conf:10 (ospf.dead): the dead interval (1 s) must be more than the hello interval (1 s)"],
    ["a long key", "frr.conf", "golden-key", "golden-key-golden-key", "frr.conf:8 (ospf.key_from): the OSPF key has 21 characters"],
    ["a route-map of nowhere", "frr.conf", "route-map dygateway-vips permit", "route-map other permit", "the route-map dygateway-vips is not defined"],
    ["everything announced", "frr.conf", "connected route-map dygateway-vips", "connected", "every connected route would be announced"],
    ["host bits", "frr.conf", "60.29.246.184/30", "60.29.246.185/30", `frr.conf:21 (lbinfos[${lb}].ospfnet): 60.29.246.185/30 has bits beyond its mask`],
  ])("%s", (_what, path, from, to, said) => {
    const found = lint(spoiled(releaseFor("mainline"), path, from, to));
    expect(found).toContainEqual(expect.stringContaining(said));
    expect(found.join("\n")).not.toContain("golden-key");
  });

  it("a local address group that nobody defined", () => {
    const found = lint(spoiled(releaseFor("alibaba"), "keepalived.conf", "local_address_group dygateway", "local_address_group other"));
    expect(found[0]).toContain(`${vip}:10 (vip2ws[60.28.208.1].ports[80]): the local address group dygateway is not defined before`);
  });
});
