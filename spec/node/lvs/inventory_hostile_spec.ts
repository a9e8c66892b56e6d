import { describe, expect, it } from "vitest";
import { validateCluster } from "../../../src/node/lvs/inventory/index.ts";
import { fnatDocument, type Loose } from "./inventory_documents.ts";

/** Everything that keepalived, FRR, sh or a file name would take for something else. */
const hostile = ["\n", "\r", "\0", '"', "'", "{", "}", "!", "#", "$(id)", "`id`", ";", "|", "&", "\\", "<", " ", "\t", "\u2028", "é", "*"];

/** A document in which every field that holds text is set. */
function full(): Loose {
  const document: Loose = fnatDocument();
  document.type = "extra";
  document.lb_kind = "FNAT";
  document.scheduler = "wrr";
  document.ospf = { area: "0.0.0.1", device: "em2", key_from: { env: "KEY" } };
  for (const [i, lb] of (document.lbinfos as object[]).entries()) {
    Object.assign(lb, { extraip: `60.0.${i}.2`, extranetmask: "255.255.255.252", extragateway: `60.0.${i}.1`, ospfnet: `60.0.${i}.0/30` });
  }
  document.vip2ws[0].ports[0].check = { type: "http", path: "/ok", host: "www.hy01", digest: "0123456789abcdef0123456789abcdef" };
  return document;
}

type Place = readonly (string | number)[];

function textPlaces(value: unknown, path: Place = []): Place[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => textPlaces(part, [...path, Array.isArray(value) ? Number(key) : key]));
}

function withText(path: Place, change: (text: string) => string): unknown {
  const document = full();
  let place = document;
  for (const step of path.slice(0, -1)) place = place[step];
  const last = path.at(-1) ?? "";
  place[last] = change(String(place[last]));
  return document;
}

const places = [...textPlaces(full()), ["ospf", "key_from", "file"]];

describe("a text field of a cluster", () => {
  it("is fine as the test has it", () => {
    expect(validateCluster(full())).toMatchObject({ ok: true });
    expect(places.length).toBeGreaterThan(40);
  });

  it.each(places.map((path) => [path.join("."), path] as const))("%s takes nothing that has a meaning elsewhere", (_, path) => {
    for (const piece of hostile) {
      for (const change of [(text: string) => text + piece, (text: string) => piece + text, (text: string) => text.slice(0, 1) + piece + text.slice(1)]) {
        const isFile = path.at(-1) === "file";
        const changed = isFile ? withFile(change("/etc/key")) : withText(path, change);
        // In a path of a check `&` is what it is in a URL, and the renderers quote it.
        if (path.at(-1) === "path" && piece === "&" && !change("/ok").startsWith("&")) continue;
        const validation = validateCluster(changed);
        expect(`${JSON.stringify(piece)}: ${validation.ok ? "taken" : "refused"}`).toBe(`${JSON.stringify(piece)}: refused`);
        const text = validation.ok ? "" : validation.problems.map((problem) => problem.text).join();
        expect(/[\n\r\0]/.test(text)).toBe(false);
      }
    }
  });

  it.each(["__proto__", "constructor", "toString"])("and no key is %s", (key) => {
    const text = JSON.stringify(full()).replace("{", `{"${key}":{},`);
    expect(validateCluster(JSON.parse(text))).toMatchObject({ ok: false, problems: [{ rule: "shapeWrong", path: [key] }] });
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])("and a name like %s is only a name", (name) => {
    const document = full();
    document.name = name;
    document.vip2ws[0].wstype = name;
    const validation = validateCluster(document, { wstypes: ["apps", "search"] });
    expect(validation.ok ? [] : validation.problems.map(({ rule }) => rule)).toContain(name.startsWith("_") ? "shapeWrong" : "wstypeUnknown");
  });
});

/** Every place in a document, objects and lists too. */
function allPlaces(value: unknown, path: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, part]) => allPlaces(part, [...path, Array.isArray(value) ? Number(key) : key]))];
}

describe("a value of any kind in any place", () => {
  const strangers: readonly unknown[] = [null, [], [null], [[]], {}, { a: 1 }, "", "x", -1, 0, 1e99, NaN, true, undefined];

  it("is judged, and nothing breaks", () => {
    let judged = 0;
    for (const path of allPlaces(full()).filter(({ length }) => length > 0)) {
      for (const stranger of strangers) {
        const document = full();
        let place = document;
        for (const step of path.slice(0, -1)) place = place[step];
        place[path.at(-1) ?? ""] = stranger;
        const validation = validateCluster(document, { wstypes: ["apps", "search"] });
        if (!validation.ok) expect(validation.problems.length).toBeGreaterThan(0);
        judged++;
      }
    }
    expect(judged).toBeGreaterThan(1000);
  });
});

describe("a value that is deeper than any stack", () => {
  const deep = (): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < 200_000; i++) value = i % 2 === 0 ? [value] : { a: value };
    return value;
  };

  it.each(["surplus", "lbinfos", "vip2ws", "ospf", "name"])("is refused as %s", (field) => {
    expect(validateCluster({ ...full(), [field]: deep() })).toMatchObject({ ok: false });
    expect(validateCluster(deep())).toMatchObject({ ok: false });
  });
});

function withFile(file: string): unknown {
  const document = full();
  document.ospf.key_from = { file };
  return document;
}
