import { resolve } from "node:path";
import { Linter, type Rule } from "eslint";
import { describe, expect, it } from "vitest";

/** The rules are JavaScript, as eslint's configuration is. */
async function ruleOf(file: string, name: string): Promise<Rule.RuleModule> {
  const module = (await import(resolve("scripts/lint", file))) as Record<string, Rule.RuleModule>;
  const rule = module[name];
  if (rule === undefined) {
    throw new Error(`${file} has no ${name}`);
  }
  return rule;
}

async function messages(file: string, name: string, path: string, code: string): Promise<string[]> {
  const rule = await ruleOf(file, name);
  const config = { files: ["**/*"], plugins: { house: { rules: { rule } } }, rules: { "house/rule": "error" as const } };
  return new Linter({ cwd: process.cwd() }).verify(code, config, path).map(({ message }) => message);
}

describe("the walls between the rooms of src", () => {
  const core = "src/dygateway/core/diversion/url.js";
  it.each([
    [core, "../json/value.ts", true],
    [core, "../../gateway/log.ts", false],
    [core, "../../../node/cli/main.ts", false],
    [core, "node:fs", false],
    [core, "zod", false],
    [core, "cjson.safe", false],
    ["src/dygateway/gateway/redis.js", "../core/errors.ts", true],
    ["src/dygateway/gateway/redis.js", "nginx.redis", true],
    ["src/dygateway/gateway/redis.js", "node:net", false],
    ["src/dygateway/gateway/redis.js", "../phases/init.ts", false],
    ["src/dygateway/gateway/redis.js", "../../lib/abtesting/error/errcode.ts", false],
    ["src/node/render/render.js", "../../dygateway/core/errors.ts", true],
    ["src/node/render/render.js", "../../dygateway/gateway/redis.ts", false],
    ["src/node/render/render.js", "handlebars", true],
    ["src/node/render/render.js", "../../lib/abtesting/error/errcode.ts", false],
    ["src/admin/ab_action.js", "../dygateway/gateway/admin.ts", true],
    ["src/admin/ab_action.js", "../diversion/diversion.ts", false],
  ])("%s imports %s: %s", async (path, specifier, allowed) => {
    const found = await messages("walls.js", "walls", path, `import "${specifier}"; export * from "${specifier}";`);
    expect(found).toHaveLength(allowed ? 0 : 2);
  });
});

describe("file names", () => {
  it.each([
    ["src/a/snake_case.js", true],
    ["src/a/camelCase.js", false],
    ["src/a/kebab-case.js", false],
    ["src/a/two.dots.js", false],
    ["vitest.config.js", true],
    ["src/types/ngx.d.js", true],
  ])("%s: %s", async (path, allowed) => {
    expect(await messages("file_names.js", "fileNames", path, "")).toHaveLength(allowed ? 0 : 1);
  });
});

describe("tests left out of the run", () => {
  it.each([
    ["it.only('x', f)", 1],
    ["describe.skip('x', f)", 1],
    ["test.todo('x')", 1],
    ["it.each([1])('x', f)", 0],
    ["list.only(1)", 0],
  ])("%s", async (code, count) => {
    expect(await messages("whole_suite.js", "wholeSuite", "spec/x_spec.js", code)).toHaveLength(count);
  });
});
