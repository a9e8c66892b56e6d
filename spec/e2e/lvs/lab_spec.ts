import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { validateCluster } from "../../../src/node/lvs/inventory/index.ts";
import { until } from "../support/until.ts";
import { Lab, labDocument, whyNoLab } from "./support/lab.ts";

const reason = whyNoLab();
const [vip, other] = ["10.88.0.1", "10.88.0.2"];

describe.skipIf(reason !== undefined)(`a router and two load balancers${reason === undefined ? "" : ` (skipped: ${reason})`}`, () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = new Lab();
    lab.start();
    await until("both adjacencies are full", () => lab.vtysh("router", "show ip ospf neighbor").match(/Full\//g)?.length === 2, 40_000);
  });
  afterAll(() => lab.stop());
  beforeEach(async () => {
    for (const lb of ["lb1", "lb2"]) await lab.hook(lb, "reset");
    await until("nothing is announced", () => lab.nextHops(vip).length + lab.nextHops(other).length === 0, 20_000);
  });

  const announcedBy = (address: string, lbs: readonly string[]): Promise<void> =>
    until(`${address} is announced by ${lbs.length === 0 ? "nobody" : lbs.join(" and ")}`, () => lab.nextHops(address).join() === lbs.join(), 20_000);

  it("speaks OSPF with md5, on the uplink only", () => {
    for (const lb of ["lb1", "lb2"]) {
      const uplink = lab.vtysh(lb, "show ip ospf interface up0");
      expect(uplink).toContain("Cryptographic authentication enabled");
      expect(uplink).toContain("Network Type POINTOPOINT");
      expect(uplink).toMatch(/Hello 1s, Dead 4s/);
    }
  });

  it("announces a VIP that both have with two next hops, and withdraws each on its own", async () => {
    await Promise.all(["lb1", "lb2"].map((lb) => lab.hook(lb, "up", vip, "80")));
    await announcedBy(vip, ["lb1", "lb2"]);
    expect(lab.nextHops(other)).toEqual([]);
    await lab.hook("lb1", "down", vip, "80");
    await announcedBy(vip, ["lb2"]);
    await lab.hook("lb1", "up", vip, "80");
    await announcedBy(vip, ["lb1", "lb2"]);
  });

  it("keeps a VIP while one of its two ports is up, and takes it away when both are down", async () => {
    await lab.hook("lb1", "up", vip, "80");
    await lab.hook("lb1", "up", vip, "443");
    await announcedBy(vip, ["lb1"]);
    await lab.hook("lb1", "down", vip, "80");
    expect(lab.hasVip("lb1", vip)).toBe(true);
    await lab.hook("lb1", "down", vip, "443");
    expect(lab.hasVip("lb1", vip)).toBe(false);
    await announcedBy(vip, []);
  });

  it("takes two ports that fail together, and come back together, for one change", async () => {
    const both = (what: string): Promise<unknown> => Promise.all(["80", "443"].map((port) => lab.hook("lb1", what, vip, port)));
    await both("up");
    expect(lab.hasVip("lb1", vip)).toBe(true);
    await both("down");
    expect(lab.hasVip("lb1", vip)).toBe(false);
    await both("up");
    expect(lab.hasVip("lb1", vip)).toBe(true);
    expect(lab.sh("lb1", `ip -o addr show dev lo to ${vip}/32`).trim().split("\n")).toHaveLength(1);
  });

  it("damps opposite changes, and forgets one that was taken back", async () => {
    await lab.hook("lb1", "up", other, "80");
    const began = performance.now();
    const down = lab.hook("lb1", "down", other, "80");
    await until("the first has taken its flag away", () => lab.flags("lb1", other).length === 0);
    await lab.hook("lb1", "up", other, "80");
    await down;
    expect(lab.hasVip("lb1", other)).toBe(true);
    await lab.hook("lb1", "down", other, "80");
    expect(performance.now() - began).toBeGreaterThan(1000);
    expect(lab.hasVip("lb1", other)).toBe(false);
  });

  it("announces nothing but VIPs of its vipnets", async () => {
    lab.sh("lb1", "ip addr add 10.99.0.1/32 dev lo");
    lab.sh("lb1", "ip link add other0 type veth peer name other1 && ip link set other0 up && ip addr add 10.88.0.77/32 dev other0");
    await lab.hook("lb1", "up", vip, "80");
    await announcedBy(vip, ["lb1"]);
    expect(lab.sh("router", "ip route show proto ospf")).not.toMatch(/10\.99\.0\.1|10\.88\.0\.77|10\.78/);
    lab.sh("lb1", "ip addr del 10.99.0.1/32 dev lo && ip link del other0");
  });

  it("refuses arguments that are no VIP and port", async () => {
    for (const args of [["up", "10.88.0.1"], ["up", "10.88.0.1;id", "80"], ["sideways", vip, "80"], []]) {
      await expect(lab.hook("lb1", ...args)).rejects.toThrow("usage");
    }
  });

  it("does not get as far as two load balancers with one router id", () => {
    const [first, second] = labDocument.lbinfos;
    const doubled = { ...labDocument, lbinfos: [first, { ...second, routerid: first?.routerid }] };
    const validation = validateCluster(doubled);
    expect(validation.ok).toBe(false);
    expect(validation.ok ? [] : validation.problems.map(({ rule }) => rule)).toContain("routeridTaken");
  });
});
