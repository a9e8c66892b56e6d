import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandPath, runScript, type ScriptRun, temporaryDirectory } from "./support/sandbox.ts";

const coreutils = ["bash", "grep", "rm", "mv", "chmod", "mktemp", "tail", "cp", "sleep", "cat"];

interface Machine {
  readonly directory: string;
  readonly policy: string;
  /** What policy-rc.d was while apt ran. */
  readonly seen: string;
}

function machine(policyText?: string): Machine {
  const directory = temporaryDirectory();
  const policy = join(directory, "policy-rc.d");
  if (policyText !== undefined) {
    writeFileSync(policy, policyText);
    chmodSync(policy, 0o755);
  }
  return { directory, policy, seen: join(directory, "seen") };
}

function install({ policy, seen, directory }: Machine, aptExit: number): ScriptRun {
  const path = commandPath(coreutils, {
    id: "echo 0",
    "apt-cache": "exit 0",
    "apt-get": `case "$*" in *" install "*) cp "${policy}" "${seen}"; echo "E: no route to host" ;; esac; exit ${aptExit}`,
  });
  return runScript("scripts/install_packages", ["nginx"], { PATH: path, POLICY_RC_D: policy, TMPDIR: directory });
}

describe("scripts/install_packages", () => {
  it("denies service actions while apt runs, and afterwards no longer", () => {
    const fresh = machine();
    expect(install(fresh, 0).status).toBe(0);
    expect(readFileSync(fresh.seen, "utf8")).toMatch(/^exit 101$/m);
    expect(existsSync(fresh.policy)).toBe(false);
  });

  it.each(["keepalived", "frr", "ssh"])("stops where a policy of the machine's own lets only %s start", (service) => {
    const host = machine(`#!/bin/sh\n[ "$1" != ${service} ] && exit 101\nexit 0\n`);
    const { status, output } = install(host, 0);
    expect(status).toBe(1);
    expect(output).toContain(`lets packages start '${service}'`);
    expect(existsSync(host.seen)).toBe(false);
  });

  it("takes its policy away also when apt fails, and shows why it failed", () => {
    const fresh = machine();
    const { status, output } = install(fresh, 100);
    expect(status).toBe(1);
    expect(output).toContain("E: no route to host");
    expect(output).toContain("could not install: nginx");
    expect(existsSync(fresh.policy)).toBe(false);
  });

  it("keeps a policy of the machine's own that denies", () => {
    const own = "#!/bin/sh\n# ours\nexit 101\n";
    const host = machine(own);
    expect(install(host, 0).status).toBe(0);
    expect(readFileSync(host.policy, "utf8")).toBe(own);
    expect(readFileSync(host.seen, "utf8")).toBe(own);
  });

  it("stops at a policy of the machine's own that lets services start", () => {
    const own = "#!/bin/sh\nexit 0\n";
    const host = machine(own);
    const { status, output } = install(host, 0);
    expect(status).toBe(1);
    expect(output).toContain("lets packages start 'nginx'");
    expect(readFileSync(host.policy, "utf8")).toBe(own);
    expect(existsSync(host.seen)).toBe(false);
  });

  it("removes what an installation that was killed left behind", () => {
    const left = machine("#!/bin/sh\n# dygateway: temporary, while packages are installed\nexit 101\n");
    expect(install(left, 0).status).toBe(0);
    expect(existsSync(left.policy)).toBe(false);
  });
});
