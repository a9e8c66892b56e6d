import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { canonicalDocument, documentText, parseCluster, validateCluster } from "../../../src/node/lvs/inventory/index.ts";
import { parseLiteral } from "../../../src/node/lvs/inventory/literal.ts";
import { fnatDocument, innerDocument, referenceDocument, type Loose } from "./inventory_documents.ts";
import { referenceText } from "./reference_cluster.ts";

const valueOf = (text: string): unknown => {
  const parsed = parseLiteral(text);
  if (!parsed.ok) throw new Error(`${parsed.at}: ${parsed.reason}`);
  return parsed.literal.value;
};

/** As the predecessor's Python 2 prints a value with str(). */
function python(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value === "object" && value !== null) return `{${Object.entries(value).map(([key, part]) => `u'${key}': ${python(part)}`).join(", ")}}`;
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? `u'${value}'` : String(value);
}

describe("the reference's example", () => {
  it("loads from its relaxed JSON, with the predecessor's dialect and 28 local addresses", () => {
    const parsed = parseCluster("reference", referenceText);
    expect(parsed).toMatchObject({
      ok: true,
      valid: {
        cluster: {
          name: "hy-outer-global-proxy-test",
          type: "extra",
          dialect: "alibaba",
          lbKind: "FNAT",
          scheduler: "wrr",
          ospf: { area: "0.0.0.0", device: "em1", hello: 3, dead: 12, cost: 10, keyFrom: undefined },
          lbs: [{ routerId: "60.29.246.186", internal: { network: "10.0.19.224/27" }, extra: { prefix: 30 } }],
          vips: [{ address: "60.28.208.1", wstype: "apps", quorum: 1, hysteresis: 0 }, { address: "60.28.208.2" }],
        },
      },
    });
    const local = parsed.ok ? (parsed.valid.cluster.lbs[0]?.localAddresses ?? []) : [];
    expect([local.length, local[0], local.at(-1)]).toEqual([28, "10.0.19.227", "10.0.19.254"]);
  });

  it.each<readonly [string, (value: unknown) => string]>([
    ["JSON", (value) => JSON.stringify(value)],
    ["YAML", (value) => stringify(value)],
    ["Python literals", python],
  ])("is the same from %s", (_, print) => {
    expect(parseCluster("file", print(referenceDocument()))).toMatchObject({ ok: true, valid: { document: referenceDocument() } });
  });
});

describe("a text", () => {
  it.each<readonly [string, unknown]>([
    ["{u'a': '1', \"b\": u\"2\",}", { a: "1", b: "2" }],
    ["(1, 443L, -5, 1e3, (2,), ())", [1, 443, -5, 1000, [2], []]],
    ["[True, False, None, true, false, null]", [true, false, null, true, false, null]],
    ["// JSON\n{a: 1, /* more */ b_$: [2,],} # Python\n", { a: 1, b_$: [2] }],
    [String.raw`['it\'s', "\x41\u00e9\U0001f600\n\\"]`, ["it's", "Aé😀\n\\"]],
    ["'a\\u0000b'", "a\u0000b"],
  ])("is read: %s", (text, value) => {
    expect(valueOf(text)).toEqual(value);
  });

  it.each<readonly [string, number, string]>([
    ["__import__('os').system('id')", 0, "a text needs quotes"],
    ["{'a': open('/etc/passwd')}", 6, "a text needs quotes"],
    ["['a' + 'b']", 5, "',' or ']' is expected"],
    ["['a' 'b']", 5, "',' or ']' is expected"],
    ["[x for x in ()]", 1, "a text needs quotes"],
    ["{'a': 1, 'a': 2}", 9, 'the key "a" is there twice'],
    ["{'__proto__': {}}", 1, 'the key "__proto__" is not possible'],
    ["{1: 2}", 1, "a key is expected"],
    ["{'a' 1}", 5, "':' is expected after a key"],
    ["010", 0, "not a decimal number"],
    ["0x1f", 0, "not a decimal number"],
    ["[1.]", 1, "not a decimal number"],
    ["9007199254740993", 0, "the number is too large"],
    ["'a", 0, "the text in quotes does not end"],
    ["'a\nb'", 2, "a control character"],
    [String.raw`'\N{DASH}'`, 1, "an escape that is neither"],
    [String.raw`'\101'`, 1, "an escape that is neither"],
    [String.raw`'\Uffffffff'`, 1, "an escape that is neither"],
    ["[1, 2", 5, "the text ends too early"],
    ["", 0, "the text ends too early"],
    ["{} {}", 3, "more text follows"],
    ["/* {}", 0, "the comment does not end"],
    ["[".repeat(100), 33, "nested more than 32 deep"],
  ])("is refused with its place: %s", (text, at, reason) => {
    expect(parseLiteral(text)).toMatchObject({ ok: false, at, reason: expect.stringContaining(reason) });
  });

  it("says line and column of what breaks a rule, in relaxed JSON and in YAML", () => {
    const lines = (text: string): string[] => {
      const parsed = parseCluster("c", text);
      return parsed.ok ? [] : parsed.problems.map(({ line, column, path, rule }) => `${line}:${column} ${path} ${rule}`);
    };
    expect(lines(referenceText.replace("sport: 443", "sport: 80").replace('device: "em1"', 'divice: "em1"'))).toEqual([
      "1:1 device shapeWrong",
      "20:12 vip2ws[0].ports[1].sport sportTwice",
      "66:1 divice shapeWrong",
    ]);
    expect(lines("name: a\ntype: internal\ndevice: b\nvipnets: [10.0.0.1/24]\nlbinfos: []\nvip2ws: []\n")).toEqual(["4:11 vipnets[0] hostBits"]);
    expect(lines("{name: bare}")).toEqual(["1:8  undefined"]);
  });

  it("that is refused for size is not read", () => {
    expect(parseCluster("c", `{}${" ".repeat(8 * 1024 * 1024)}`)).toMatchObject({ ok: false, problems: [{ text: expect.stringContaining("larger") }] });
  });
});

describe("a document in order", () => {
  /** The same cluster, every list and every object the other way round. */
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed).reverse();
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).reverse().map(([key, part]) => [key, reversed(part)]));
  };

  it.each([referenceDocument, innerDocument, fnatDocument])("is the same whatever order it was written in (%#)", (make) => {
    const document = make();
    const other = reversed(document) as typeof document;
    expect(other).not.toBe(document);
    expect(documentText(other)).toBe(documentText(document));
    expect(JSON.stringify(validateCluster(other))).not.toBe(JSON.stringify(validateCluster(document)));
    expect((validateCluster(other) as Loose).cluster).toEqual((validateCluster(document) as Loose).cluster);
  });

  it("says no more than was written, and a real server of weight 1 by its name", () => {
    const document = innerDocument();
    Object.assign(document.vip2ws[0] ?? {}, { wss: [{ name: "b.hy01", weight: 1 }, "a.hy01"] });
    expect(canonicalDocument(document).vip2ws[0]?.wss).toEqual(["a.hy01", "b.hy01"]);
    expect(Object.keys(canonicalDocument(referenceDocument()))).toEqual(["name", "type", "device", "vipnets", "lbinfos", "vip2ws"]);
  });

  it("of addresses is by number, not by letter", () => {
    const document: Loose = innerDocument();
    document.vip2ws[0].vip = "10.9.0.10";
    const validation = validateCluster(document);
    expect(validation.ok && validation.cluster.vips.map(({ address }) => address)).toEqual(["10.9.0.2", "10.9.0.3", "10.9.0.10"]);
  });
});

it("the inventory does no I/O and knows no clock: none of its files imports a module of Node", () => {
  const folder = new URL("../../../src/node/lvs/inventory/", import.meta.url);
  const index = readFileSync(new URL("index.ts", folder), "utf8");
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(new URL(file, folder), "utf8");
    expect(`${file}: ${/from "node:[^"]*"|Date\.now|Math\.random|process\./.exec(text)?.[0] ?? "pure"}`).toBe(`${file}: pure`);
    for (const [, next = ""] of text.matchAll(/from "\.\/([a-z0-9_]+\.ts)"/g)) visit(next);
  };
  expect(index).toContain("from");
  visit("index.ts");
  expect(seen.size).toBeGreaterThan(15);
});
