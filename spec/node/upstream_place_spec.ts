import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { composeConf } from "../../src/dygateway/core/upstream/conf_file.ts";
import { printConfBlock } from "../../src/dygateway/core/upstream/conf_print.ts";
import { parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { accountOf } from "../../src/node/render/accounts.ts";
import { applyPlan, realDisk, type Disk } from "../../src/node/render/apply.ts";
import { planChanges } from "../../src/node/render/plan.ts";
import type { UpstreamPlace } from "../../src/node/render/upstream_place.ts";
import { openWorkspace } from "../../src/node/render/workspace.ts";
import { valueOf } from "../core/support/results.ts";
import { isWorkersConf, webUser } from "./support/root_nginx.ts";
import { Sandbox } from "./support/sandbox.ts";

const conf = (sandbox: Sandbox): string => join(sandbox.output, "upstream.conf");
const theirs = (sandbox: Sandbox): string => sandbox.path("upstreams/upstream.conf");
const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();
const operator = { dynamic_upstreams: { written_by: "operator" } };

/** What the gateway does when an upstream changes. */
function change(file: string, weight: number): string {
  const upstream = valueOf(parseUpstreamBody(`server 127.0.0.1:9002 weight=${weight};`, noPause));
  const text = valueOf(composeConf(readFileSync(file, "utf8"), [{ name: "fresh", block: printConfBlock("fresh", upstream, lookup()) }], 7));
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return text;
}

async function rendered(config: object = {}): Promise<Sandbox> {
  const sandbox = new Sandbox();
  sandbox.configure(config);
  expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
  return sandbox;
}

describe.skipIf(!isWorkersConf())("upstream.conf where root starts nginx and the workers are another user", () => {
  it("lies in a folder of the workers', behind a link, and nothing is to be changed then", async () => {
    const sandbox = await rendered();
    expect(readlinkSync(conf(sandbox))).toBe(theirs(sandbox));
    expect(lstatSync(theirs(sandbox))).toMatchObject({ mode: 0o100644 });
    const folder = statSync(sandbox.path("upstreams"));
    expect([folder.uid, folder.mode & 0o777]).toEqual([accountOf(webUser)?.uid, 0o755]);
    expect(readdirSync(sandbox.path("upstreams"))).toEqual(["upstream.conf"]);
    expect(await sandbox.render("--check")).toMatchObject({ code: 0, err: "" });
    const before = statSync(theirs(sandbox)).ino;
    expect((await sandbox.render()).out).toContain("is up to date");
    expect(statSync(theirs(sandbox)).ino).toBe(before);
  });

  it("keeps what was set at run time when it is rendered anew, and stays behind its link", async () => {
    const sandbox = await rendered();
    const text = change(theirs(sandbox), 2);
    expect(await sandbox.render("--check")).toMatchObject({ code: 0 });
    sandbox.configure({ upstreams: { stable: { servers: ["127.0.0.1:8050"] } } });
    expect((await sandbox.render()).out).toContain("changed   upstream.conf\n");
    expect(readFileSync(theirs(sandbox), "utf8")).toBe(text.replace("8040", "8050"));
    expect(isLink(conf(sandbox))).toBe(true);
  });

  it("is moved there with what was set at run time, from the plain file that it was", async () => {
    const sandbox = await rendered(operator);
    expect(isLink(conf(sandbox))).toBe(false);
    const text = change(conf(sandbox), 3);
    sandbox.configure({});
    const check = await sandbox.render("--check");
    expect(check.code).toBe(1);
    expect(check.out).toContain(`--- upstream.conf\n  it moves: to ${theirs(sandbox)}`);
    expect(existsSync(sandbox.path("upstreams"))).toBe(false);
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect([readlinkSync(conf(sandbox)), readFileSync(theirs(sandbox), "utf8")]).toEqual([theirs(sandbox), text]);
  });

  it("becomes a plain file again for an operator, without what the workers could write, and their file goes", async () => {
    const sandbox = await rendered();
    change(theirs(sandbox), 4);
    sandbox.configure(operator);
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(isLink(conf(sandbox))).toBe(false);
    expect(sandbox.read("upstream.conf")).toContain("upstream stable {");
    expect(sandbox.read("upstream.conf")).not.toContain("fresh");
    expect(existsSync(theirs(sandbox))).toBe(false);
    expect(await sandbox.render("--check")).toMatchObject({ code: 0 });
    sandbox.configure({});
    expect(await sandbox.render()).toMatchObject({ code: 0 });
    expect(isLink(conf(sandbox))).toBe(true);
  });

  it("lies where paths.upstreams says", async () => {
    const sandbox = new Sandbox();
    sandbox.configure({ paths: { upstreams: sandbox.path("var/own") } });
    const umask = process.umask(0o077);
    try {
      await sandbox.render();
    } finally {
      process.umask(umask);
    }
    expect(readlinkSync(conf(sandbox))).toBe(sandbox.path("var/own/upstream.conf"));
    expect(statSync(sandbox.path("var/own")).mode & 0o777).toBe(0o755);
  });

  it("is not taken from another gateway with the same folder, unless that is asked for", async () => {
    const sandbox = await rendered();
    const before = change(theirs(sandbox), 5);
    sandbox.configure({ upstreams: { stable: { servers: ["127.0.0.1:9999"] } } });
    const other = ["render", "-c", sandbox.path("dygateway.yaml"), "-o", sandbox.path("other")];
    const refused = await sandbox.run(other);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(`did not write:\n  ${theirs(sandbox)}\n`);
    expect(refused.err).toContain("set paths.upstreams");
    expect(readFileSync(theirs(sandbox), "utf8")).toBe(before);
    expect(await sandbox.run([...other, "--force"])).toMatchObject({ code: 0 });
  });

  it("is found again by a directory that is rendered from nothing", async () => {
    const sandbox = await rendered();
    const text = change(theirs(sandbox), 6);
    rmSync(sandbox.output, { recursive: true });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(sandbox.read("upstream.conf")).toBe(text);
  });

  it("is never reached through a link that the workers made", async () => {
    const sandbox = await rendered();
    writeFileSync(sandbox.path("secret"), "root:x:0:0\n");
    rmSync(theirs(sandbox));
    symlinkSync(sandbox.path("secret"), theirs(sandbox));
    const { uid = 0, gid = 0 } = accountOf(webUser) ?? {};
    lchownSync(theirs(sandbox), uid, gid);
    const run = await sandbox.render();
    expect(run.code).toBe(2);
    expect(run.err).toContain(`${theirs(sandbox)} is no file, or a link that neither root nor this user made`);
    expect(run.err).not.toContain("root:x");
    // What stands in the way of the new file is removed, not written to.
    rmSync(theirs(sandbox));
    symlinkSync(sandbox.path("secret"), `${theirs(sandbox)}.rendered`);
    symlinkSync(sandbox.path("secret"), `${theirs(sandbox)}.before`);
    expect(await sandbox.render()).toMatchObject({ code: 0 });
    expect(readFileSync(sandbox.path("secret"), "utf8")).toBe("root:x:0:0\n");
    expect(readdirSync(sandbox.path("upstreams"))).toEqual(["upstream.conf"]);
  });

  it("is said to stay behind where the workers cannot write it", async () => {
    const sandbox = await rendered();
    chownSync(sandbox.path("upstreams"), 0, 0);
    expect((await sandbox.render()).err).toContain(`the workers' user ${webUser} cannot write to ${sandbox.path("upstreams")}`);
    chmodSync(sandbox.output, 0o700);
    expect((await sandbox.render()).err).toContain(`the workers' user ${webUser} cannot enter ${sandbox.output}`);
  });
});

describe("upstream.conf that stays in the output directory", () => {
  it.each([
    ["an operator writes it", operator],
    ["the workers are root", { workers: { user: "root" } }],
  ])("where %s", async (_, config) => {
    const sandbox = await rendered(config);
    expect(isLink(conf(sandbox))).toBe(false);
    expect(existsSync(sandbox.path("upstreams"))).toBe(false);
  });

  it("where nginx has a process of root's that writes it", async () => {
    const sandbox = new Sandbox();
    const openresty = sandbox.path("openresty");
    writeFileSync(openresty, '#!/bin/sh\n[ "$1" != -V ] || echo "nginx version: openresty/1.25.3.1" >&2\n');
    chmodSync(openresty, 0o755);
    sandbox.configure({ paths: { nginx: openresty } });
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(isLink(conf(sandbox))).toBe(false);
  });
});

describe("an operator's own link", () => {
  it.each([
    ["workers", {}],
    ["operator", operator],
  ])("is followed and stays (written by: %s)", async (_, config) => {
    const sandbox = await rendered(config);
    const own = sandbox.path("elsewhere/upstreams.conf");
    mkdirSync(sandbox.path("elsewhere"));
    writeFileSync(own, sandbox.read("upstream.conf"));
    rmSync(conf(sandbox));
    symlinkSync("../elsewhere/upstreams.conf", conf(sandbox));
    const text = change(own, 8);
    expect(await sandbox.render("--check")).toMatchObject({ code: 0 });
    sandbox.configure({ ...config, upstreams: { stable: { servers: ["127.0.0.1:8051"] } } });
    expect(await sandbox.render()).toMatchObject({ code: 0 });
    expect(readlinkSync(conf(sandbox))).toBe("../elsewhere/upstreams.conf");
    expect(readFileSync(own, "utf8")).toBe(text.replace("8040", "8051"));
    expect(readdirSync(sandbox.path("elsewhere"))).toEqual(["upstreams.conf"]);
  });
});

describe("applying a set with upstream.conf behind a link", () => {
  const set = (text: string): { path: string; text: string; mode: number }[] =>
    ["upstream.conf", "nginx.conf"].map((path) => ({ path, text: `${path} ${text}`, mode: 0o644 }));

  /** The place, before there is a link and once there is. */
  function place(sandbox: Sandbox): UpstreamPlace {
    const there = existsSync(conf(sandbox)) && isLink(conf(sandbox));
    const source = there ? theirs(sandbox) : conf(sandbox);
    return { file: theirs(sandbox), link: there ? null : theirs(sandbox), source, leaves: null };
  }

  function apply(sandbox: Sandbox, text: string, disk: Disk = realDisk): void {
    const workspace = openWorkspace(sandbox.output);
    try {
      applyPlan(planChanges(sandbox.output, set(text), place(sandbox)), workspace.folder, disk);
    } finally {
      workspace.release();
    }
  }

  function sandboxWith(isLinked: boolean): Sandbox {
    const sandbox = new Sandbox();
    mkdirSync(sandbox.output);
    mkdirSync(sandbox.path("upstreams"));
    if (isLinked) apply(sandbox, "one");
    else writeFileSync(conf(sandbox), "plain");
    return sandbox;
  }

  /** What there is: texts, and where links lead. */
  const state = (sandbox: Sandbox): unknown => [
    readdirSync(sandbox.path("upstreams")).map((name) => [name, readFileSync(sandbox.path(`upstreams/${name}`), "utf8")]),
    readdirSync(sandbox.output, { recursive: true }).sort(),
    isLink(conf(sandbox)),
    readFileSync(conf(sandbox), "utf8"),
  ];

  it.each([
    ["that is there", true],
    ["that is made", false],
  ])("%s: all is as it was, whichever step fails", (_, isLinked) => {
    for (let step = 1; ; step += 1) {
      const sandbox = sandboxWith(isLinked);
      mkdirSync(join(sandbox.output, "vhosts"), { recursive: true });
      const before = state(sandbox);
      let steps = 0;
      const counted = (act: () => void): void => {
        steps += 1;
        if (steps === step) throw new Error("no space left on device");
        act();
      };
      const disk: Disk = {
        rename: (from, to) => counted(() => realDisk.rename(from, to)),
        link: (from, to) => counted(() => realDisk.link(from, to)),
        remove: (path) => counted(() => realDisk.remove(path)),
      };
      try {
        apply(sandbox, "two", disk);
      } catch {
        expect(state(sandbox), `step ${step}`).toEqual(before);
        continue;
      }
      expect(step).toBeGreaterThan(6);
      expect(readFileSync(theirs(sandbox), "utf8")).toBe("upstream.conf two");
      expect(readlinkSync(conf(sandbox))).toBe(theirs(sandbox));
      return;
    }
  });
});
