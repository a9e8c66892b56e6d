import { describe, expect, it } from "vitest";
import { canonicalAddress, isListenAddress, isLoopback, isServerAddress, listenAddressOf } from "../../src/node/config/address.ts";
import { bytesOf, millisecondsOf, nginxSize, nginxTime } from "../../src/node/config/units.ts";
import { diffLines } from "../../src/node/render/diff.ts";

describe("addresses", () => {
  it.each([
    ["80", true],
    ["127.0.0.1:80", true],
    ["*:80", true],
    ["[::1]:80", true],
    ["[fe80::1%eth0]:80", false],
    ["unix:/run/a.sock", true],
    ["localhost:80", true],
    ["127.0.0.1", false],
    ["127.0.0.1:0", false],
    ["127.0.0.1:65536", false],
    ["1.2.3:80", false],
    ["300.1.1.1:80", false],
    ["::1:80", false],
    ["[::1:80", false],
    ["unix:relative", false],
    ["unix:", false],
    ["a b:80", false],
    ["", false],
  ])("%s: listens %s", (text, listens) => {
    expect(isListenAddress(text)).toBe(listens);
  });

  it.each([
    ["127.0.0.1", true],
    ["app.example.cn:8080", true],
    ["*:80", false],
    ["80x:y", false],
  ])("%s: serves %s", (text, serves) => {
    expect(isServerAddress(text)).toBe(serves);
  });

  it.each([
    ["127.0.0.1:1", true],
    ["127.9.9.9:1", true],
    ["localhost:1", true],
    ["[::1]:1", true],
    ["[0:0:0:0:0:0:0:1]:1", true],
    ["unix:/a", true],
    ["0.0.0.0:1", false],
    ["[::]:1", false],
    ["*:1", false],
    ["1", false],
    ["128.0.0.1:1", false],
    ["127.0.0.1.example.cn:1", false],
    ["[::ffff:127.0.0.1]:1", false],
  ])("%s is this machine's alone: %s", (text, loopback) => {
    expect(isLoopback(listenAddressOf(text))).toBe(loopback);
  });

  it("are the same however they are written", () => {
    expect(["80", "*:80", "0.0.0.0:80"].map((text) => canonicalAddress(listenAddressOf(text)))).toEqual(["*:80", "*:80", "*:80"]);
  });
});

describe("units", () => {
  it.each([
    [0, 0, "0"],
    ["64m", 67_108_864, "64m"],
    ["2G", 2_147_483_648, "2048m"],
    ["512k", 524_288, "512k"],
    ["1500", 1500, "1500"],
    [2048, 2048, "2k"],
  ])("%s is %d bytes, %s to nginx", (size, bytes, text) => {
    expect([bytesOf(size), nginxSize(size)]).toEqual([bytes, text]);
  });

  it.each([
    [5, 5000, "5s"],
    ["500ms", 500, "500ms"],
    ["1500ms", 1500, "1500ms"],
    ["2m", 120_000, "120s"],
    ["1d", 86_400_000, "86400s"],
  ])("%s is %d ms, %s to nginx", (time, ms, text) => {
    expect([millisecondsOf(time), nginxTime(time)]).toEqual([ms, text]);
  });
});

describe("differences", () => {
  it("show what changed with two lines around it", () => {
    const before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\n";
    const after = "a\nb\nc\nD\ne\nf\ng\nh\ni\nj\n";
    expect(diffLines(before, after)).toEqual(["  b", "  c", "- d", "+ D", "  e", "  f", "…", "  i", "  j", "- k"]);
  });

  it("are none for equal texts, and bounded for huge ones", () => {
    expect(diffLines("a\nb", "a\nb")).toEqual([]);
    const lines = (prefix: string): string => Array.from({ length: 3000 }, (_, i) => `${prefix}${i}`).join("\n");
    expect(diffLines(lines("a"), lines("b"))).toHaveLength(6000);
  });
});
