import { describe, expect, it } from "vitest";
import { commandPath, runScript, type ScriptRun } from "./support/sandbox.ts";

const coreutils = ["dirname", "cat", "sha256sum", "tr", "bash"];
const nothingInstalled = { "dpkg-query": "exit 1", npm: "exit 1", id: "echo 1000", "apt-get": "exit 1" };

function setup(args: readonly string[], fakes: Readonly<Record<string, string>>): ScriptRun {
  return runScript("scripts/setup", args, { PATH: commandPath(coreutils, { ...nothingInstalled, ...fakes }) });
}

const node20 = { node: "echo v20.19.0" };

describe("scripts/setup", () => {
  it.each(["v18.20.4", "v20.18.1"])("refuses Node %s and says which one is needed", (version) => {
    const { status, output } = setup(["test"], { node: `echo ${version}` });
    expect(status).toBe(1);
    expect(output).toContain(`Node 20.19 or newer is needed; this is ${version}`);
  });

  it.each(["v20.19.0", "v22.1.0", "v24.0.0"])("takes Node %s", (version) => {
    expect(setup(["build", "--plan"], { node: `echo ${version}` }).output).not.toContain("needed");
  });

  it("says that there is no Node where there is none", () => {
    expect(setup(["run"], {}).output).toContain("there is no 'node' on PATH");
  });

  it("says of each missing package what it is for, and installs nothing with --plan", () => {
    const { status, output } = setup(["test", "--plan"], node20);
    expect(status).toBe(1);
    const gateway = ["libnginx-mod-http-lua", "lua-nginx-redis", "lua-nginx-dns", "redis-server", "curl", "luajit2"];
    for (const name of [...gateway, "lua-busted", "dnsmasq-base", "frr", "openssh-client"]) {
      expect(output).toMatch(new RegExp(`^  ${name} +\\S.*$`, "m"));
    }
    expect(output).not.toContain("apt-get");
  });

  it("never asks for the package luajit, which would remove the nginx Lua module", () => {
    expect(setup(["test", "--plan"], node20).output).not.toMatch(/^ +luajit /m);
  });

  it("asks for test packages only when it is to prepare tests", () => {
    const { output } = setup(["run", "--plan"], node20);
    for (const name of ["lua-busted", "dnsmasq-base", "keepalived", "frr", "openssh-client"]) {
      expect(output).not.toContain(name);
    }
  });

  it("asks for no system packages to build", () => {
    expect(setup(["build", "--plan"], node20).output).not.toContain("missing on this machine");
  });

  it("uses OpenResty where it is installed", () => {
    const { output } = setup(["run", "--plan"], { ...node20, openresty: "exit 0" });
    expect(output).toContain("redis-server");
    expect(output).not.toMatch(/nginx/);
  });

  it("names the command to run where there is neither root nor sudo", () => {
    const { status, output } = setup(["run"], { ...node20, nginx: "exit 0" });
    expect(status).toBe(1);
    expect(output).toMatch(/Ask an administrator to run:\n.*bash \/.*\/scripts\/install_packages libnginx-mod-http-lua/);
  });

  it("refuses an argument that it does not know", () => {
    expect(setup(["everything"], node20)).toMatchObject({ status: 2 });
  });
});
