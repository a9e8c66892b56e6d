import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem, type as kernel, release } from "node:os";
import { join } from "node:path";

/** The machine and the versions, one line each: figures without them mean nothing. */
export function describeMachine(nginx: string): string[] {
  const about = said(nginx, ["-v"]);
  const [luaModule, luajit] = luaVersions(nginx);
  return [
    `machine: ${cpus()[0]?.model.trim() ?? "?"}, ${availableParallelism()} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${kernel()} ${release()}`,
    `nginx: ${about.replace(/^nginx version: /, "")}; Lua module ${luaModule}; ${luajit}`,
    `Redis: ${/v=(\S+)/.exec(said("redis-server", ["--version"]))?.[1] ?? "?"}; Node ${process.versions.node}; wrk ${/wrk (\S+)/.exec(said("wrk", ["-v"]))?.[1] ?? "not there"}`,
    `dygateway: ${commit()}; load average before: ${(loadavg()[0] ?? NaN).toFixed(2)}`,
  ];
}

/** Asked from nginx itself, which loads the very libraries that the gateway runs on: it starts, says so and ends. */
function luaVersions(nginx: string): readonly [luaModule: string, luajit: string] {
  const folder = mkdtempSync(join(tmpdir(), "dygateway-versions-"));
  const code = `local v, out = ngx.config.ngx_lua_version, io.open("${folder}/versions", "w")
    out:write(math.floor(v / 1000000), ".", math.floor(v / 1000) % 1000, ".", v % 1000, " ", jit.version)
    out:close()
    os.exit(0)`;
  try {
    const text = `${loadModules(nginx)}pid ${folder}/pid;\nerror_log stderr;\nevents {}\nhttp { init_by_lua_block { ${code} } }\n`;
    writeFileSync(join(folder, "nginx.conf"), text);
    spawnSync(nginx, ["-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"], { stdio: "ignore", timeout: 10_000 });
    const said = readFileSync(join(folder, "versions"), "utf8");
    return [said.slice(0, said.indexOf(" ")), said.slice(said.indexOf(" ") + 1)];
  } catch {
    return ["?", "LuaJIT ?"];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function loadModules(nginx: string): string {
  const about = said(nginx, ["-V"]);
  const folder = /--modules-path=(\S+)/.exec(about)?.[1];
  const names = ["ndk_http_module.so", "ngx_http_lua_module.so"];
  return folder === undefined || about.includes("openresty")
    ? ""
    : names.filter((name) => existsSync(`${folder}/${name}`)).map((name) => `load_module ${folder}/${name};\n`).join("");
}

function commit(): string {
  try {
    const hash = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    const changed = execFileSync("git", ["status", "--porcelain", "--", "src", "templates"], { encoding: "utf8" }).trim();
    return `commit ${hash}${changed === "" ? "" : ", with changes that are not committed"}`;
  } catch {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    return `version ${version}`;
  }
}

function said(command: string, args: readonly string[]): string {
  const run = spawnSync(command, args, { encoding: "utf8" });
  return run.error === undefined ? `${run.stdout}${run.stderr}`.trim() : "";
}
