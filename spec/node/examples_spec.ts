import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseSettings } from "../../src/dygateway/core/settings.ts";
import { Sandbox } from "./support/sandbox.ts";

const examples = join(import.meta.dirname, "..", "..", "nginx");

describe("the examples in nginx/", () => {
  it("are accepted by nginx as they are, but for the folders of this machine", () => {
    const sandbox = new Sandbox();
    const folder = sandbox.path("nginx");
    cpSync(examples, folder, { recursive: true });
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".conf"))) {
      const text = readFileSync(join(folder, name), "utf8")
        .replaceAll("/usr/local/dygateway/nginx", folder)
        .replaceAll("/usr/local/dygateway", sandbox.prefix)
        .replaceAll("/run/dygateway", sandbox.path("run"))
        .replaceAll("/var/log/dygateway", sandbox.path("logs"));
      writeFileSync(join(folder, name), text);
    }
    mkdirSync(sandbox.path("run"));
    mkdirSync(sandbox.path("logs"));
    const run = spawnSync("nginx", ["-t", "-c", join(folder, "nginx.conf")], { encoding: "utf8" });
    expect(run.stderr).toContain("test is successful");
    expect(run.stderr).not.toContain("[warn]");
  });

  it("have settings that the gateway accepts", () => {
    const parsed = parseSettings(readFileSync(join(examples, "dygateway.json"), "utf8"));
    expect(parsed).toMatchObject({ ok: true });
  });

  it("hold the location that deployed gateways have, unchanged", () => {
    const text = readFileSync(join(examples, "vhosts", "api.weibo.cn.conf"), "utf8");
    expect(text).toContain(`    location ~* /abc/(i|f)/ {
        set $hostkey $server_name.abc;      # runtime info is looked up under this name
        set $sysConfig  abc_sysConfig;      # accepted, no longer needed
        set $kv_upstream kv_abc_upstream;   # accepted, no longer needed
        set $backend 'stable';              # where a request goes when nothing matches
        rewrite_by_lua_file '/usr/local/dygateway/diversion/diversion.lua';
        proxy_pass http://$backend;
    }
`);
  });
});
