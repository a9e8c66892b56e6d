import { writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readOspfKey } from "../../../src/node/lvs/store/ospf_key.ts";
import { Sandbox } from "../support/sandbox.ts";

describe("the md5 key of OSPF", () => {
  const fromFile = (text: string): unknown => {
    const path = new Sandbox().path("ospf.key");
    writeFileSync(path, text);
    return readOspfKey({ kind: "file", path }, {});
  };
  const refused = (rule: string): object => ({ ok: false, problem: { rule } });

  it("is what a file holds, less the end of its line", () => {
    expect(fromFile("secret-1\n")).toEqual({ ok: true, key: "secret-1" });
    expect(fromFile("secret-1\r\n")).toEqual({ ok: true, key: "secret-1" });
    expect(fromFile("1234567890123456")).toEqual({ ok: true, key: "1234567890123456" });
  });

  it("is what an environment variable holds", () => {
    expect(readOspfKey({ kind: "env", name: "KEY" }, { KEY: "k" })).toEqual({ ok: true, key: "k" });
    expect(readOspfKey({ kind: "env", name: "KEY" }, {})).toMatchObject(refused("keyUnreadable"));
  });

  it.each([
    ["", "keyLength"],
    ["\n", "keyLength"],
    ["12345678901234567", "keyLength"],
    ["two words", "keyAlphabet"],
    ["two\nlines", "keyAlphabet"],
    ["schlüssel", "keyAlphabet"],
    ["a#comment", "keyAlphabet"],
    ["a!comment", "keyAlphabet"],
    ["a|command", "keyAlphabet"],
  ])("%j is refused, and not shown", (text, rule) => {
    const key = fromFile(text);
    expect(key).toMatchObject(refused(rule));
    if (text.trim() !== "") expect(JSON.stringify(key)).not.toContain(text.slice(0, 6));
  });

  it("in a file that is not there is named by its path", () => {
    const sandbox = new Sandbox();
    const path = sandbox.path("missing");
    expect(readOspfKey({ kind: "file", path }, {})).toMatchObject({ ok: false, problem: { rule: "keyUnreadable", text: expect.stringContaining(path) } });
  });
});
