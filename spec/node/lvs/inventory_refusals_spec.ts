import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pathText } from "../../../src/node/config/problem.ts";
import { clusterJsonSchema, validateCluster, validateInventory } from "../../../src/node/lvs/inventory/index.ts";
import * as problems from "../../../src/node/lvs/inventory/problems.ts";
import { fnatDocument, innerDocument, referenceDocument, type Loose } from "./inventory_documents.ts";

/** A document, what spoils it, the rule that then is broken and where. */
type Case = readonly [rule: keyof typeof problems, path: string, document: () => Loose, spoil: (document: Loose) => void];

const outer = referenceDocument;
const inner = innerDocument;
const fnat = fnatDocument;

const cases: readonly Case[] = [
  ["shapeWrong", "vip2ws[0].ports[0].sport", outer, (d) => (d.vip2ws[0].ports[0].sport = 80.5)],
  ["shapeWrong", "vip2ws[0].ports[0].sport", outer, (d) => (d.vip2ws[0].ports[0].sport = "80")],
  ["shapeWrong", "vip2ws[0].ports[0].dport", outer, (d) => (d.vip2ws[0].ports[0].dport = 0)],
  ["shapeWrong", "vip2ws[0].ports[0].dport", outer, (d) => (d.vip2ws[0].ports[0].dport = 65536)],
  ["shapeWrong", "vip2ws[0].ports[0].synproxy", outer, (d) => (d.vip2ws[0].ports[0].synproxy = 2)],
  ["shapeWrong", "vip2ws[0].ports[0].persistence_timeout", outer, (d) => (d.vip2ws[0].ports[0].persistence_timeout = 2678401)],
  ["shapeWrong", "vip2ws[0].ports[0].persistence_timeout", outer, (d) => (d.vip2ws[0].ports[0].persistence_timeout = "")],
  ["shapeWrong", "vip2ws[0].wss", outer, (d) => (d.vip2ws[0].wss = [])],
  ["shapeWrong", "vip2ws[0].ports", outer, (d) => (d.vip2ws[0].ports = [])],
  ["shapeWrong", "vip2ws[0].vip", outer, (d) => (d.vip2ws[0].vip = "60.28.208.01")],
  ["shapeWrong", "vip2ws[0].vip", outer, (d) => (d.vip2ws[0].vip = "60.28.208")],
  ["shapeWrong", "vipnets[0]", outer, (d) => (d.vipnets[0] = "60.28.208.0/33")],
  ["shapeWrong", "device", outer, (d) => (d.device = "sixteen-letters1")],
  ["shapeWrong", "type", outer, (d) => (d.type = "outer")],
  ["shapeWrong", "lbinfos[0].surplus", outer, (d) => (d.lbinfos[0].surplus = 1)],
  ["shapeWrong", "lbinfos[0].hostname", outer, (d) => (d.lbinfos[0].hostname = "10.0.19")],
  ["shapeWrong", "lbinfos[0].ospfnet", outer, (d) => delete d.lbinfos[0].ospfnet],
  ["kindUnsupported", "lb_kind", inner, (d) => (d.lb_kind = "FNAT")],
  ["schedulerUnknown", "scheduler", outer, (d) => (d.scheduler = "conhash")],
  ["synproxyUnsupported", "vip2ws[0].ports[0].synproxy", inner, (d) => (d.vip2ws[0].ports[0].synproxy = 1)],
  ["timeoutUnsupported", "vip2ws[0].ports[0].established_timeout", inner, (d) => (d.vip2ws[0].ports[0].established_timeout = 90)],
  ["retryUnsupported", "vip2ws[0].ports[0].check.retry", outer, (d) => (d.vip2ws[0].ports[0].check = { retry: 2 })],
  ["localUnsupported", "lbinfos[1].local_addresses", inner, (d) => (d.lbinfos[1].local_addresses = ["10.1.0.9"])],
  ["portNotTranslated", "vip2ws[1].ports[1].dport", inner, (d) => (d.vip2ws[1].ports[1].dport = 8443)],
  ["deadTooShort", "ospf.dead", inner, (d) => (d.ospf.dead = 3)],
  ["deadTooShort", "ospf.hello", inner, (d) => (d.ospf.hello = 12)],
  ["keySourceCount", "ospf.key_from", inner, (d) => (d.ospf.key_from = { env: "A", file: "/b" })],
  ["keySourceCount", "ospf.key_from", inner, (d) => (d.ospf.key_from = {})],
  ["hostBits", "vipnets[0]", outer, (d) => (d.vipnets[0] = "60.28.208.1/25")],
  ["hostBits", "lbinfos[0].ospfnet", outer, (d) => (d.lbinfos[0].ospfnet = "60.29.246.185/30")],
  ["networkTooLarge", "vipnets[3]", outer, (d) => (d.vipnets[3] = "124.0.0.0/7")],
  ["notUnicast", "vipnets[3]", outer, (d) => (d.vipnets[3] = "224.0.0.0/8")],
  ["notUnicast", "lbinfos[0].internalgateway", outer, (d) => (d.lbinfos[0].internalgateway = "127.0.0.1")],
  ["netmaskBroken", "lbinfos[0].internalnetmask", outer, (d) => (d.lbinfos[0].internalnetmask = "255.0.255.0")],
  ["netmaskUnusable", "lbinfos[0].internalnetmask", outer, (d) => (d.lbinfos[0].internalnetmask = "255.255.255.255")],
  ["netmaskUnusable", "lbinfos[0].internalnetmask", outer, (d) => (d.lbinfos[0].internalnetmask = "0.0.0.0")],
  ["addressNotHost", "lbinfos[0].internalip", outer, (d) => (d.lbinfos[0].internalip = "10.0.19.224")],
  ["addressNotHost", "lbinfos[0].internalgateway", outer, (d) => (d.lbinfos[0].internalgateway = "10.0.19.255")],
  ["gatewayOutside", "lbinfos[0].internalgateway", outer, (d) => (d.lbinfos[0].internalgateway = "10.0.20.1")],
  ["gatewayIsHost", "lbinfos[0].extragateway", outer, (d) => (d.lbinfos[0].extragateway = "60.29.246.186")],
  ["vipnetOverlap", "vipnets[4]", outer, (d) => (d.vipnets[4] = "60.28.208.64/26")],
  ["vipnetCovers", "vipnets[4]", outer, (d) => (d.vipnets[4] = "60.29.246.0/24")],
  ["vipnetCovers", "vipnets[4]", outer, (d) => (d.vipnets[4] = "10.0.19.240/32")],
  ["addressTaken", "lbinfos[1].internalip", inner, (d) => (d.lbinfos[1].internalip = "10.1.0.1")],
  ["addressTaken", "lbinfos[1].local_addresses", fnat, (d) => (d.lbinfos[1].local_addresses = ["10.1.0.50-60"])],
  ["addressTaken", "lbinfos[1].internalip", fnat, (d) => (d.lbinfos[1].internalip = "10.1.0.10")],
  ["extraMissing", "lbinfos[0].extragateway", outer, (d) => delete d.lbinfos[0].extragateway],
  ["extraUnused", "lbinfos[0].extraip", inner, (d) => (d.lbinfos[0].extraip = "60.29.246.186")],
  ["ospfnetDiffers", "lbinfos[0].ospfnet", outer, (d) => (d.lbinfos[0].ospfnet = "60.29.246.184/29")],
  ["ospfnetDiffers", "lbinfos[0].ospfnet", inner, (d) => (d.lbinfos[0].ospfnet = "10.2.0.0/24")],
  ["routeridForeign", "lbinfos[0].routerid", outer, (d) => (d.lbinfos[0].routerid = "10.0.19.227")],
  ["routeridTaken", "lbinfos[1].routerid", inner, (d) => (d.lbinfos[1].routerid = "10.1.0.1")],
  ["hostnameTaken", "lbinfos[1].hostname", inner, (d) => (d.lbinfos[1].hostname = "LB1.inner.hy01")],
  ["localNone", "lbinfos[0].internalnetmask", outer, (d) => (d.lbinfos[0].internalnetmask = "255.255.255.252")],
  ["localNone", "lbinfos[0].local_addresses", fnat, (d) => (d.lbinfos[0].local_addresses = ["10.1.0.1"])],
  ["localTooMany", "lbinfos[0].internalnetmask", outer, (d) => (d.lbinfos[0].internalnetmask = "255.255.0.0")],
  ["localOutside", "lbinfos[0].local_addresses[1]", fnat, (d) => (d.lbinfos[0].local_addresses[1] = "10.1.1.7")],
  ["localBackwards", "lbinfos[0].local_addresses[0]", fnat, (d) => (d.lbinfos[0].local_addresses = ["10.1.0.9-9"])],
  ["localBackwards", "lbinfos[0].local_addresses[0]", fnat, (d) => (d.lbinfos[0].local_addresses = ["10.1.0.9-256"])],
  ["vipOutside", "vip2ws[0].vip", outer, (d) => (d.vip2ws[0].vip = "60.28.208.128")],
  ["vipTaken", "vip2ws[1].vip", outer, (d) => (d.vip2ws[1].vip = "60.28.208.1")],
  ["wstypeUnknown", "vip2ws[0].wstype", outer, (d) => (d.vip2ws[0].wstype = "app")],
  ["realServerTwice", "vip2ws[0].wss[2]", inner, (d) => (d.vip2ws[0].wss[2] = "NGINX1.hy01")],
  ["realServerIsVip", "vip2ws[0].wss[2]", inner, (d) => (d.vip2ws[0].wss[2] = "10.9.0.77")],
  ["sportTwice", "vip2ws[0].ports[1].sport", outer, (d) => (d.vip2ws[0].ports[1].sport = 80)],
  ["quorumTooHigh", "vip2ws[0].quorum", inner, (d) => (d.vip2ws[0].quorum = 5)],
  ["quorumTooHigh", "vip2ws[0].wss", inner, (d) => (d.vip2ws[0].wss = [{ name: "nginx1.hy01", weight: 0 }])],
  ["hysteresisTooHigh", "vip2ws[0].hysteresis", inner, (d) => (d.vip2ws[0].hysteresis = 1)],
  ["httpOnly", "vip2ws[0].ports[0].check.path", inner, (d) => (d.vip2ws[0].ports[0].check = { path: "/" })],
  ["expectationTwice", "vip2ws[0].ports[0].check.digest", inner, (d) => (d.vip2ws[0].ports[0].check = { type: "http", status: 200, digest: "0".repeat(32) })],
];

/** Cases of rules that are about more than one document, or about what is beside it; they have tests of their own. */
const elsewhere = ["addressInVipnet", "keyUnreadable", "keyLength", "keyAlphabet", "clusterUnread", "storedUnreadable", "nameDiffers"];
const warnings = ["singleLb", "noLb", "noVip", "noOspfKey"];

const wstypes = ["apps", "search"];
const found = (value: unknown): string[] => {
  const validation = validateCluster(value, { wstypes });
  return validation.ok ? [] : validation.problems.map(({ rule, path }) => `${rule} ${pathText(path)}`);
};

describe("an inventory is refused", () => {
  it.each([outer, inner, fnat])("not for what the tests start from", (document) => {
    expect(found(document())).toEqual([]);
  });

  it.each(cases)("for %s at %s", (rule, path, document, spoil) => {
    const spoilt = document();
    spoil(spoilt);
    expect(found(spoilt)).toContain(`${rule} ${path}`);
  });

  it("for every rule there is, by one case at least", () => {
    const tested = [...cases.map(([rule]) => rule), ...elsewhere, ...warnings];
    expect(Object.keys(problems).filter((rule) => !tested.includes(rule))).toEqual([]);
  });

  it("with the name of the factory as the rule", () => {
    for (const [name, factory] of Object.entries(problems)) {
      const make = factory as (...args: unknown[]) => { rule: string };
      const args = name === "shapeWrong" ? [{ path: [], at: "key", text: "" }] : [[], "", "", []];
      expect(make(...args).rule).toBe(name);
    }
  });

  it("with all its problems at once, of shape and of meaning", () => {
    const document: Loose = outer();
    document.surplus = 1;
    document.vipnets[1] = "nonsense";
    document.lbinfos[0].internalgateway = "10.0.20.1";
    document.vip2ws[0].ports[1].sport = 80;
    document.vip2ws[1].ports[0].dport = "x";
    document.ospf = { hello: 5, dead: 5 };
    expect(found(document).sort()).toEqual([
      "deadTooShort ospf.dead",
      "gatewayOutside lbinfos[0].internalgateway",
      "shapeWrong surplus",
      "shapeWrong vip2ws[1].ports[0].dport",
      "shapeWrong vipnets[1]",
      "sportTwice vip2ws[0].ports[1].sport",
    ]);
  });

  it.each([null, 7, "text", [], [referenceDocument()], undefined])("whatever it is: %j", (value) => {
    expect(validateCluster(value)).toMatchObject({ ok: false });
  });

  it("but warned of what only deserves a thought", () => {
    const rules = (value: unknown): string[] => validateCluster(value).warnings.map(({ rule }) => rule);
    expect(rules(outer())).toEqual(["singleLb", "noOspfKey"]);
    expect(rules(inner())).toEqual([]);
    expect(rules({ ...inner(), lbinfos: [], vip2ws: [] })).toEqual(["noLb", "noVip"]);
  });
});

describe("of two clusters the later one is refused", () => {
  type Spoil = (second: Loose) => void;
  const other = (spoil: Spoil): Loose => {
    const second: Loose = JSON.parse(JSON.stringify(innerDocument()).replaceAll("10.1.0.", "10.2.0.").replaceAll("10.9.0.", "10.8.0.").replaceAll("inner", "second"));
    spoil(second);
    return second;
  };

  it.each<readonly [string, string, Spoil]>([
    ["vipnetOverlap", "vipnets[0]", (d) => (d.vipnets = ["10.9.0.0/16"])],
    ["vipnetCovers", "vipnets[1]", (d) => (d.vipnets[1] = "10.1.0.2/32")],
    ["vipTaken", "vip2ws[0].vip", (d) => (d.vip2ws[0].vip = "10.9.0.1")],
    ["routeridTaken", "lbinfos[0].routerid", (d) => (d.lbinfos[0].routerid = "10.1.0.1")],
    ["hostnameTaken", "lbinfos[0].hostname", (d) => (d.lbinfos[0].hostname = "lb2.inner.hy01")],
    ["addressTaken", "lbinfos[0].internalip", (d) => (d.lbinfos[0].internalip = "10.1.0.1")],
    ["addressInVipnet", "lbinfos[0].internalip", (d) => (d.lbinfos[0].internalip = "10.9.0.200")],
  ])("for %s at %s", (rule, path, spoil) => {
    const [first, second] = validateInventory([innerDocument(), other(spoil)]);
    expect(first?.ok).toBe(true);
    const problem = second?.ok === false ? second.problems.find((one) => one.rule === rule) : undefined;
    expect(problem).toMatchObject({ text: expect.stringContaining("cluster hy-inner") });
    expect(pathText(problem?.path ?? [])).toBe(path);
  });

  it("but not where they have nothing in common", () => {
    expect(validateInventory([innerDocument(), other(() => undefined)]).map(({ ok }) => ok)).toEqual([true, true]);
  });
});

describe("docs/lvs/inventory.md", () => {
  const page = readFileSync(new URL("../../../docs/lvs/inventory.md", import.meta.url), "utf8");
  const mentions = (name: string): boolean => page.includes(`\`${name}\``);

  it("names every rule", () => {
    expect(Object.keys(problems).filter((rule) => !mentions(rule))).toEqual([]);
  });

  it("names every field", () => {
    const keysOf = (shape: unknown): string[] => {
      if (typeof shape !== "object" || shape === null) return [];
      const { properties = {} } = shape as { properties?: object };
      return [...Object.keys(properties), ...Object.values(shape).flatMap(keysOf)];
    };
    const fields = keysOf(clusterJsonSchema());
    expect(fields.length).toBeGreaterThan(40);
    const written = (field: string): boolean => mentions(field) || ["env", "file"].includes(field);
    expect([...new Set(fields)].filter((field) => !written(field))).toEqual([]);
  });
});
