import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applyPlan, realDisk, type Disk } from "../../src/node/render/apply.ts";
import { manifestName } from "../../src/node/render/manifest.ts";
import { planChanges } from "../../src/node/render/plan.ts";
import type { RenderedFile } from "../../src/node/render/rendered_set.ts";
import { openWorkspace } from "../../src/node/render/workspace.ts";
import { Sandbox } from "./support/sandbox.ts";

const set = (files: Record<string, string>): RenderedFile[] =>
  Object.entries(files).map(([path, text]) => ({ path, text, mode: path === "dygateway.json" ? 0o640 : 0o644 }));

const first = set({ "dygateway.json": "{}", "upstream.conf": "one", "vhosts/a.conf": "a", "vhosts/b.conf": "b", "nginx.conf": "n" });
const second = set({ "dygateway.json": "{2}", "upstream.conf": "two", "vhosts/a.conf": "a", "vhosts/c.conf": "c", "nginx.conf": "n2" });

function apply(sandbox: Sandbox, files: readonly RenderedFile[], disk: Disk = realDisk): void {
  const workspace = openWorkspace(sandbox.output);
  try {
    mkdirSync(sandbox.output, { recursive: true });
    applyPlan(planChanges(sandbox.output, files), workspace.folder, disk);
  } finally {
    workspace.release();
  }
}

/** Every file with its text and mode. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    paths.map((path) => [path.slice(folder.length + 1), `${(statSync(path).mode & 0o777).toString(8)} ${readFileSync(path, "utf8")}`]),
  );
}

/** Counts steps on the disk, and throws before the n-th. */
function failingAt(step: number): Disk & { steps: number } {
  const disk = {
    steps: 0,
    rename: (from: string, to: string) => counted(() => realDisk.rename(from, to)),
    link: (from: string, to: string) => counted(() => realDisk.link(from, to)),
    remove: (path: string) => counted(() => realDisk.remove(path)),
  };
  const counted = (act: () => void): void => {
    disk.steps += 1;
    if (disk.steps === step) throw new Error("no space left on device");
    act();
  };
  return disk;
}

describe("applying a rendered set", () => {
  it("puts everything in place with its mode, whatever the umask", () => {
    const sandbox = new Sandbox();
    const umask = process.umask(0o077);
    try {
      apply(sandbox, first);
    } finally {
      process.umask(umask);
    }
    expect(contents(sandbox.output)).toMatchObject({ "dygateway.json": "640 {}", "vhosts/b.conf": "644 b" });
  });

  it("leaves the directory as it was, whichever step fails", () => {
    const counting = failingAt(0);
    const measured = new Sandbox();
    apply(measured, first);
    apply(measured, second, counting);
    expect(counting.steps).toBeGreaterThan(8);

    for (let step = 1; step <= counting.steps; step += 1) {
      const sandbox = new Sandbox();
      apply(sandbox, first);
      const before = contents(sandbox.output);
      expect(() => apply(sandbox, second, failingAt(step)), `step ${step}`).toThrow("no space left on device");
      expect(contents(sandbox.output), `step ${step}`).toEqual(before);
      apply(sandbox, second);
      expect(contents(sandbox.output), `step ${step}`).toEqual(contents(measured.output));
    }
  });

  it("has whole files only, and knows all of them as its own, when it is killed between two steps", () => {
    const whole = new Set([...first, ...second].map((file) => file.text));
    for (let step = 1; ; step += 1) {
      const sandbox = new Sandbox();
      apply(sandbox, first);
      const disk = failingAt(step);
      // What is on disk at the moment of the kill, before anything is undone.
      const killed: Record<string, string> = {};
      const watched: Disk = {
        rename: (from, to) => observe(() => disk.rename(from, to)),
        link: (from, to) => observe(() => disk.link(from, to)),
        remove: (path) => observe(() => disk.remove(path)),
      };
      const observe = (act: () => void): void => {
        try {
          act();
        } catch (error) {
          Object.assign(killed, contents(sandbox.output));
          throw error;
        }
      };
      try {
        apply(sandbox, second, watched);
      } catch {
        const manifest = JSON.parse((killed[manifestName] ?? "").slice(4)) as { files: string[] };
        for (const [path, text] of Object.entries(killed)) {
          if (path === manifestName) continue;
          expect(whole.has(text.slice(4)), `step ${step}: ${path}`).toBe(true);
          expect(manifest.files, `step ${step}`).toContain(path);
        }
        continue;
      }
      expect(step).toBeGreaterThan(8);
      return;
    }
  });

  it("goes on after a run that was killed", () => {
    const sandbox = new Sandbox();
    mkdirSync(`${sandbox.output}.rendering/staged`, { recursive: true });
    // No process has this number: it is above the kernel's limit.
    writeFileSync(`${sandbox.output}.rendering/pid`, "4194999");
    apply(sandbox, first);
    expect(contents(sandbox.output)).toMatchObject({ "nginx.conf": "644 n" });
  });

  it("does not work beside another run", () => {
    const sandbox = new Sandbox();
    mkdirSync(`${sandbox.output}.rendering`);
    writeFileSync(`${sandbox.output}.rendering/pid`, String(process.ppid));
    expect(() => apply(sandbox, first)).toThrow(`another dygateway (process ${process.ppid}) is rendering into`);
  });

  it("replaces a link, not what it points to", () => {
    const sandbox = new Sandbox();
    apply(sandbox, first);
    writeFileSync(sandbox.path("elsewhere"), "kept");
    realDisk.remove(`${sandbox.output}/nginx.conf`);
    symlinkSync(sandbox.path("elsewhere"), `${sandbox.output}/nginx.conf`);
    apply(sandbox, first);
    expect(readFileSync(sandbox.path("elsewhere"), "utf8")).toBe("kept");
    expect(contents(sandbox.output)).toMatchObject({ "nginx.conf": "644 n" });
  });

  it("closes files that were opened to others, and leaves stricter ones", () => {
    const sandbox = new Sandbox();
    const kinds = (mode: number): string[] => {
      const [file] = set({ "dygateway.json": "{}" });
      if (file === undefined) throw new Error("no file");
      writeFileSync(`${sandbox.output}/dygateway.json`, "{}", { mode });
      const plan = planChanges(sandbox.output, [file]);
      realDisk.remove(`${sandbox.output}/dygateway.json`);
      return plan.changes.map((change) => change.kind);
    };
    mkdirSync(sandbox.output);
    expect(kinds(0o644)).toEqual(["changed"]);
    expect(kinds(0o600)).toEqual(["unchanged"]);
  });

  it.each([
    ["../../etc/passwd", "none of our files"],
    ["vhosts/../../x.conf", "none of our files"],
    ["/etc/passwd", "none of our files"],
    ["mine.txt", "none of our files"],
  ])("removes nothing that a damaged manifest names: %s", (name, reason) => {
    const sandbox = new Sandbox();
    apply(sandbox, first);
    writeFileSync(join(sandbox.output, manifestName), JSON.stringify({ files: [name] }));
    expect(() => apply(sandbox, second)).toThrow(reason);
    writeFileSync(join(sandbox.output, manifestName), "{");
    expect(() => apply(sandbox, second)).toThrow("is not usable (not JSON)");
  });
});
