import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { luaEntries } from "../../scripts/build/entries.ts";
import { runScript, type ScriptRun, temporaryDirectory, writeTree } from "./support/sandbox.ts";

const prefix = "/opt/dygateway";
const registrations = "lib/abtesting/utils/init.lua";

interface Place {
  readonly checkout: string;
  readonly destination: string;
}

function built(): Place {
  const checkout = join(temporaryDirectory(), "a checkout");
  mkdirSync(join(checkout, "scripts"), { recursive: true });
  copyFileSync("scripts/install", join(checkout, "scripts/install"));
  writeTree(checkout, {
    ...Object.fromEntries(luaEntries.map((entry) => [`lua-out/${entry}`, "-- lua\n"])),
    [`lua-out/${registrations}`]: "-- divtypes of this version\n",
    "lua-out/dygateway/core/old.lua": "-- goes with the next version\n",
    "dist/dygateway.mjs": "#!/usr/bin/env node\n",
    "templates/nginx.conf.hbs": "",
    "nginx/vhosts/example.conf": "rewrite_by_lua_file '/usr/local/dygateway/diversion/diversion.lua';\n",
    "README.md": "",
    LICENSE: "",
  });
  return { checkout, destination: temporaryDirectory() };
}

function install({ checkout, destination }: Place, to = prefix): ScriptRun {
  return runScript(join(checkout, "scripts/install"), [to, destination], { PATH: "/usr/bin:/bin" });
}

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe("make install", () => {
  it("lays out the tree that nginx configurations of today name", () => {
    const place = built();
    expect(install(place)).toMatchObject({ status: 0 });
    const root = join(place.destination, prefix);
    for (const entry of [...luaEntries, "templates/nginx.conf.hbs", "LICENSE", "README.md"]) {
      expect(lstatSync(join(root, entry)).isFile(), entry).toBe(true);
      expect(modeOf(join(root, entry)), entry).toBe("644");
    }
    expect(modeOf(join(root, "bin/dygateway"))).toBe("755");
    expect(modeOf(join(root, "lib/abtesting"))).toBe("755");
  });

  it("names its own prefix in the examples", () => {
    const place = built();
    install(place);
    const example = readFileSync(join(place.destination, prefix, "nginx/vhosts/example.conf"), "utf8");
    expect(example).toContain("'/opt/dygateway/diversion/diversion.lua'");
  });

  it("keeps an example that an operator has changed beside the new one", () => {
    const place = built();
    install(place);
    const root = join(place.destination, prefix);
    writeTree(root, { "nginx/vhosts/example.conf": "# mine\n" });
    expect(install(place).output).toContain("nginx/vhosts/example.conf.old");
    expect(readFileSync(join(root, "nginx/vhosts/example.conf.old"), "utf8")).toBe("# mine\n");
    expect(readFileSync(join(root, "nginx/vhosts/example.conf"), "utf8")).toContain("rewrite_by_lua_file");
  });

  it("keeps registrations that an operator has added, and lays the new version's beside them", () => {
    const place = built();
    install(place);
    const root = join(place.destination, prefix);
    writeTree(place.checkout, { [`lua-out/${registrations}`]: "-- divtypes of the next version\n" });
    install(place);
    expect(readFileSync(join(root, registrations), "utf8")).toBe("-- divtypes of the next version\n");
    writeTree(root, { [registrations]: "-- and mine\n" });
    expect(install(place).output).toContain(`${registrations} was edited and is kept`);
    expect(readFileSync(join(root, registrations), "utf8")).toBe("-- and mine\n");
    expect(readFileSync(join(root, `${registrations}.dist`), "utf8")).toBe("-- divtypes of the next version\n");
  });

  it("removes what the version before brought, and nothing that an operator added", () => {
    const place = built();
    install(place);
    const root = join(place.destination, prefix);
    writeTree(root, { "lib/abtesting/diversion/my_type.lua": "-- ours", "lib/abtesting/userinfo/myParser.lua": "-- ours" });
    rmSync(join(place.checkout, "lua-out/dygateway/core"), { recursive: true });
    expect(install(place)).toMatchObject({ status: 0 });
    expect(existsSync(join(root, "dygateway/core"))).toBe(false);
    expect(existsSync(join(root, "lib/abtesting/diversion/my_type.lua"))).toBe(true);
    expect(existsSync(join(root, "lib/abtesting/userinfo/myParser.lua"))).toBe(true);
  });

  it.each(["relative/path", "/opt/with space", "/opt/semi;colon"])("refuses the prefix '%s'", (bad) => {
    const { status, output } = install(built(), bad);
    expect(status).toBe(1);
    expect(output).toContain("PREFIX");
  });

  it("says what to do when nothing is built", () => {
    const place = built();
    rmSync(join(place.checkout, "lua-out"), { recursive: true });
    expect(install(place).output).toContain("make build");
  });
});
