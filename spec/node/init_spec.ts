import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/node/config/load.ts";
import { configJsonSchema, configSchema } from "../../src/node/config/schema.ts";
import { Sandbox } from "./support/sandbox.ts";

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

function keysOf(shape: Shape): string[] {
  const parts = [...Object.values(shape.properties ?? {}), ...(shape.anyOf ?? [])];
  if (shape.items !== undefined) parts.push(shape.items);
  if (typeof shape.additionalProperties === "object") parts.push(shape.additionalProperties);
  return [...Object.keys(shape.properties ?? {}), ...parts.flatMap(keysOf)];
}

async function starter(sandbox: Sandbox): Promise<string> {
  await sandbox.run(["init", sandbox.path("dygateway.yaml")]);
  return readFileSync(sandbox.path("dygateway.yaml"), "utf8");
}

describe("init", () => {
  it("writes a file that renders as it is", async () => {
    const sandbox = new Sandbox();
    const text = await starter(sandbox);
    // As it is, but for the places of this machine that a test must not touch.
    const { paths } = sandbox.complete({}) as { paths: object };
    writeFileSync(sandbox.path("dygateway.yaml"), `${text}\npaths: ${JSON.stringify(paths)}\n`);
    expect(await sandbox.render()).toMatchObject({ code: 0, err: "" });
    expect(sandbox.read("vhosts/api.weibo.cn.conf")).toContain('set $hostkey "$server_name.abc";');
  });

  it("replaces a file only when it is told to", async () => {
    const sandbox = new Sandbox();
    const file = sandbox.path("dygateway.yaml");
    writeFileSync(file, "mine");
    const refused = await sandbox.run(["init", file]);
    expect(refused).toEqual({ code: 2, out: "", err: `dygateway: ${file} is already there; replace it with --force` });
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect(await sandbox.run(["init", "--force", file])).toMatchObject({ code: 0 });
    expect(readFileSync(file, "utf8")).toContain("listeners:");
  });

  it("shows every option there is", async () => {
    const text = await starter(new Sandbox());
    const missing = keysOf(configJsonSchema()).filter((key) => !new RegExp(`\\b${key}\\b`).test(text));
    expect(missing).toEqual([]);
  });

  it("shows the defaults as they are", async () => {
    const text = await starter(new Sandbox());
    const plain = parseConfig("starter", text, {});
    // The sections that stand there as comments, less those values that are examples and not defaults.
    const start = text.indexOf("# redis:");
    const sections = text
      .slice(start)
      .split("\n")
      .filter((line) => !/password|username|unix_socket:|token|certificate|my_city|extra\/http|default: (?:detected|where|OpenResty|asked|none)/.test(line))
      .filter((line) => !/^# (?:Administration|addresses|Peers|Diversion|nginx files|LVS)/.test(line))
      .map((line) => line.replace(/^# ?/, ""))
      .join("\n");
    const shown = parseConfig("uncommented", text.slice(0, start) + sections, {});
    if (!plain.ok || !shown.ok) throw new Error(JSON.stringify([plain, shown], null, 2));
    const { redis, admin, workers, trusted_proxies, lvs, manager } = shown.loaded.config;
    expect({ redis, admin, workers, trusted_proxies, lvs, manager }).toMatchObject({
      redis: plain.loaded.config.redis,
      admin: plain.loaded.config.admin,
      workers: plain.loaded.config.workers,
      trusted_proxies: plain.loaded.config.trusted_proxies,
      lvs: plain.loaded.config.lvs,
      manager: plain.loaded.config.manager,
    });
  });
});

describe("schema", () => {
  it("prints a JSON Schema with every key, and refuses unknown ones", async () => {
    const run = await new Sandbox().run(["schema"]);
    const schema = JSON.parse(run.out) as { properties: object; additionalProperties: boolean; required: string[] };
    expect(Object.keys(schema.properties)).toEqual(Object.keys(configSchema.shape));
    expect(schema.additionalProperties).toBe(false);
    // What has a default need not be written.
    expect(schema.required).toEqual(["hosts", "upstreams"]);
  });
});
