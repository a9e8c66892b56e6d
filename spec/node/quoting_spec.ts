import { describe, expect, it } from "vitest";
import { luaString } from "../../src/node/render/lua_quote.ts";
import { nginxHostkey, nginxPattern, nginxText } from "../../src/node/render/nginx_quote.ts";
import { redisText } from "../../src/node/render/redis_quote.ts";
import { readNginx } from "./support/nginx_reader.ts";
import { readRedis } from "./support/redis_reader.ts";

/** Every printable character in every company: what the schema lets through today is not what must be safe. */
const texts = [
  "",
  ..."!\"#%&'()*+,-./:;<=>?@[\\]^_`{|}~ aZ0é中".split("").flatMap((char) => [char, `a${char}b`, char + char, `${char}"`, `\\${char}`]),
];

describe("nginx values", () => {
  it("are read back as they were", () => {
    for (const text of texts) {
      expect(readNginx(`set ${nginxText(text)} end;`), text).toEqual([{ args: ["set", text, "end"], body: null }]);
    }
  });

  it.each(["$a", "a$", "${a}", "a\nb", "a\rb", "\u0000", "\u007f", "\u0085", "\ud800", "x".repeat(4001)])("refuse %j", (text) => {
    expect(() => nginxText(text)).toThrow("cannot be written to a configuration file");
  });

  it("may hold a $ where it is a pattern's", () => {
    expect(nginxPattern("\\.json$")).toBe('"\\\\.json$"');
  });

  it.each(["$server_name.abc", "${server_name}abc", "$host", "plain"])("let a hostkey name its host: %s", (text) => {
    expect(nginxHostkey(text)).toBe(`"${text}"`);
  });

  it.each(["$uri", "$server_nameabc", "${uri}", "$hostname", "$", "$server_name$uri"])("refuse other variables in a hostkey: %s", (text) => {
    expect(() => nginxHostkey(text)).toThrow("holds a $");
  });
});

describe("Redis values", () => {
  it("are read back as they were", () => {
    for (const text of texts) expect(readRedis(`dir ${redisText(text)} end`), text).toEqual([["dir", text, "end"]]);
  });

  it.each(["a\nb", "\u0000"])("refuse %j", (text) => {
    expect(() => redisText(text)).toThrow("holds a control character");
  });
});

describe("Lua values", () => {
  it("are read back as they were", () => {
    for (const text of [...texts, "]]", "--[[ ]]", "a\nb", "\u0000"]) {
      const literal = luaString(text);
      expect(literal).toMatch(/^"(?:[A-Za-z0-9_./ -]|\\[0-9]{3})*"$/);
      expect(literal).not.toContain("--");
      const bytes = [...literal.slice(1, -1).matchAll(/\\([0-9]{3})|(.)/g)].map(([, code, char]) =>
        code === undefined ? (char ?? "").charCodeAt(0) : Number(code),
      );
      expect(Buffer.from(bytes).toString("utf8")).toBe(text);
    }
  });
});
