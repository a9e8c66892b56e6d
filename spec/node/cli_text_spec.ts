import { describe, expect, it } from "vitest";
import { printable, shortened, widthOf } from "../../src/node/cli/printable.ts";
import { tableText } from "../../src/node/cli/table.ts";
import { wrapped } from "../../src/node/cli/wrap.ts";

describe("texts for a terminal", () => {
  it("obey nothing that came from elsewhere", () => {
    expect(printable("a\u001b[31m\r\n\u009b\u202eb 北京 é")).toBe("a\\x1b[31m\\x0d\\x0a\\x9b\\u202eb 北京 é");
  });

  it("are measured in columns and cut with a sign", () => {
    expect([widthOf("ab"), widthOf("北京"), widthOf("😀")]).toEqual([2, 4, 2]);
    expect([shortened("abcdef", 6), shortened("abcdefg", 6), shortened("北京上海", 6)]).toEqual(["abcdef", "abcde…", "北京…"]);
  });

  it("stand in columns", () => {
    expect(tableText(["a", "bb"], [["北", "x"], ["yyy", ""]])).toBe("a    bb\n北   x\nyyy");
  });

  it("give way in the widest column, to 80 in all", () => {
    const lines = tableText(["id", "one", "two"], [["1", "x".repeat(100), "y".repeat(30)]]).split("\n");
    expect(lines[1]).toBe(`1   ${"x".repeat(43)}…  ${"y".repeat(30)}`);
  });

  it("break between words, and never within one", () => {
    const word = "w".repeat(30);
    expect(wrapped(`  by ${word} ${word} ${word}`, 5)).toBe(`  by ${word} ${word}\n     ${word}`);
    expect(wrapped("short  line", 2)).toBe("short  line");
    expect(wrapped(`  ${"x".repeat(90)} y`, 4)).toBe(`  ${"x".repeat(90)}\n    y`);
  });
});
