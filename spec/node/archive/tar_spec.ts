import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fitsArchive, tarOf } from "../../../src/node/archive/tar.ts";

const step = (letter: string, length: number): string => letter.repeat(length);
/** Paths whose headers are full to the last byte, with and without a prefix. */
const long = [step("n", 100), `${step("p", 100)}/${step("p", 54)}/${step("n", 100)}`, `a/${step("n", 99)}`, `deep/er/${step("f", 100)}/x.conf`];

describe("an archive", () => {
  it("is one that tar unpacks, with modes and texts", () => {
    const folder = mkdtempSync(join(tmpdir(), "dygateway-tar-"));
    try {
      const files = [
        { path: "a.conf", text: "x".repeat(512), mode: 0o644 },
        { path: "vips/10.0.0.1.conf", text: "# 北京\n", mode: 0o640 },
        { path: "vips/empty.sh", text: "", mode: 0o755 },
        ...long.map((path) => ({ path, text: path, mode: 0o644 })),
      ];
      // What tar warns of is on stderr.
      const said = execFileSync("sh", ["-c", 'umask 077; exec tar -xpf - -C "$0" 2>&1', folder], { input: tarOf(files), encoding: "utf8" });
      expect(said).toBe("");
      for (const file of files) {
        expect(readFileSync(join(folder, file.path), "utf8")).toBe(file.text);
        expect(statSync(join(folder, file.path)).mode & 0o777).toBe(file.mode);
      }
      for (const made of ["vips", "deep", "deep/er"]) expect(statSync(join(folder, made)).mode & 0o777).toBe(0o755);
      expect(tarOf(files)).toEqual(tarOf(files));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each([
    step("n", 101),
    `${step("p", 156)}/${step("n", 20)}`,
    `${step("p", 100)}/${step("p", 100)}/${step("n", 48)}`,
    `${step("p", 10)}/${step("n", 101)}`,
  ])("has no room for %s", (path) => {
    expect(fitsArchive(path)).toBe(false);
    expect(() => tarOf([{ path, text: "", mode: 0o644 }])).toThrow("too long for an archive");
  });

  it.each(long)("has room for %s", (path) => {
    expect(fitsArchive(path)).toBe(true);
  });
});
