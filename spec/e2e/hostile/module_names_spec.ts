import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { useCluster, type Cluster } from "../support/cluster.ts";
import { expectNoFaults, workerPids } from "../support/error_log.ts";
import { until } from "../support/until.ts";

/** Where a module of ours that was loaded leaves its mark; any worker may write there. */
function markOf({ folder }: Cluster): string {
  return join(folder, "mark", "loaded");
}

function trap(mark: string): string {
  return `local mark = assert(io.open(${JSON.stringify(mark)}, "a"))
mark:write((...) or "?", "\\n")
mark:close()
local module = {}
module.new = function(self) return self end
module.getUpstream = function() return "beta3" end
module.get = function() return "1" end
return module
`;
}

const outside = [
  "abtesting.diversion.../../../tmp/evil",
  "abtesting.diversion.../evil",
  "abtesting.diversion...evil",
  "abtesting.diversion./evil",
  "abtesting.diversion.sub.evil",
  "abtesting.diversion.sub/evil",
  "abtesting.diversion.evil;os.exit()",
  "abtesting.diversion.evil\u0000",
  "abtesting.diversion.evil\n",
  "abtesting.diversion.evil ",
  "abtesting.diversion.",
  "abtesting.diversion",
  "abtesting.evil",
  "ABTESTING.DIVERSION.evil",
  "abtesting.diversion_evil",
  "abtesting/diversion/evil",
  "evil",
  "/evil",
  "../evil",
  "lib.abtesting.diversion.evil",
  "abtesting.userinfo.x.y",
  "abtesting.userinfo.../../../tmp/evil",
  "abtesting.userinfo.../x",
  "abtesting.userinfo.",
  "[[evil]]",
  "evil')os.exit()--",
  "%s%n%x",
  "e".repeat(100_000),
];

/** Modules that are there for others; a trap in their place would be loaded by those. */
const standing = ["os", "io", "package", "_G", "ffi", "jit.opt", "cjson", "dygateway.phases.init", "resty.core", "abtesting.utils.init"];

/** Every file that `require` would look for under one of these names, and what a careless join of paths would. */
function traps({ prefix, folder }: Cluster): string[] {
  const below = [prefix, join(prefix, "lib"), folder, join(prefix, "lib/abtesting/diversion"), join(prefix, "lib/abtesting/userinfo")];
  const names = outside.filter((name) => name.length < 200 && !name.includes("\u0000") && !name.endsWith("."));
  const paths = names.flatMap((name) => [name.replaceAll(".", "/"), name, name.replace("abtesting.diversion.", "").replace("abtesting.userinfo.", "")]);
  const files = below.flatMap((base) => paths.map((path) => join(base, `${path}.lua`)));
  return [...new Set(files)].filter((file) => file.startsWith(`${folder}/`) && !existsSync(file));
}

const cluster = useCluster({
  prepare: (own) => {
    mkdirSync(dirname(markOf(own)));
    chmodSync(dirname(markOf(own)), 0o777);
    const allowed = join(own.prefix, "lib/abtesting/diversion/evil.lua");
    for (const file of traps(own).filter((path) => path !== allowed)) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, trap(markOf(own)));
    }
    writeFileSync(join(own.prefix, "lib/abtesting/diversion/tame.lua"), trap(markOf(own)));
    writeFileSync(join(own.prefix, "lib/abtesting/userinfo/tameParser.lua"), trap(markOf(own)));
  },
});

beforeEach(() => {
  rmSync(markOf(cluster), { force: true });
});

async function withModule(field: "divModulename" | "userInfoModulename", name: string): Promise<string> {
  const host = cluster.newHost();
  await cluster.divert(
    host,
    { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] },
    { divtype: "uidappoint", divdata: [{ uidset: [1], upstream: "beta2" }] },
  );
  await cluster.redis.client.set(`ab:test:runtimeInfo:${host}:first:${field}`, name);
  return host;
}

interface Broken {
  readonly hostname: string;
  readonly level: number;
  readonly reason: string;
}

async function askOften(host: string): Promise<Set<string>> {
  return new Set(await Promise.all(Array.from({ length: 24 }, () => cluster.ask(host, { headers: { "X-Uid": "1" } }))));
}

describe("a module that stands where modules may stand", () => {
  test.each([
    ["divModulename", "abtesting.diversion.tame"],
    ["userInfoModulename", "abtesting.userinfo.tameParser"],
  ] as const)("%s %s is loaded: the trap works", async (field, name) => {
    const host = await withModule(field, name);
    await until("a worker has loaded it", () => existsSync(markOf(cluster)));
    await cluster.done("runtime_del", { hostname: host });
  });
});

describe.each(["divModulename", "userInfoModulename"] as const)("%s in Redis", (field) => {
  test.each([...outside, ...standing].map((name) => [name.slice(0, 60), name]))("%j is not loaded: the level is skipped, the next one decides", async (_shown, name) => {
    const pids = await workerPids(cluster);
    const host = await withModule(field, name);
    await until("it is reported", async () => {
      const { data } = await cluster.done("status");
      return (data.broken as Broken[]).some(({ hostname, level, reason }) => hostname === host && level === 1 && reason.length > 0);
    });
    await until("every worker skips it", async () => [...(await askOften(host))].join() === "beta2");
    await cluster.done("explain", { hostname: host, uid: 1 });
    expect(existsSync(markOf(cluster))).toBe(false);
    await cluster.done("runtime_del", { hostname: host });
    expect(await workerPids(cluster)).toEqual(pids);
  });
});

test.each(["../evil", "sub/evil", "sub.evil", "evil;os.exit()", "evil\u0000", "", "x'); os.exit() --", "abtesting.diversion.tame"])(
  "a policy of divtype %j is refused and nothing is loaded",
  async (divtype) => {
    const refused = await cluster.admin("policy_set", {}, { divtype, divdata: [{ suffix: 1, upstream: "beta1" }] });
    expect(refused.code).toBe(50104);
    expect(existsSync(markOf(cluster))).toBe(false);
  },
);

test("nothing of it left a traceback", () => {
  expectNoFaults(cluster, "module names");
});
