import { describe, expect, it } from "vitest";
import { endOfLuaBlock } from "../../../src/node/nginx_hosts/text/lua_block.ts";
import { placeArguments } from "../../../src/node/nginx_hosts/text/place_arguments.ts";
import { rendered, smallTree } from "./support_tree.ts";

const text = (value: string): [string, string] => ["v: { type: text }", `v: ${JSON.stringify(value)}`];

describe("a value of a template", () => {
  it.each([
    ["plain", "plain"],
    ["two words", '"two words"'],
    ["", '""'],
    ['a"b', '"a\\"b"'],
    ["it's", '"it\'s"'],
    ["x; evil on", '"x; evil on"'],
    ["x{", '"x{"'],
    ["}", '"}"'],
    ["# no comment", '"# no comment"'],
    ["back\\slash", '"back\\\\slash"'],
    ["北京", '"北京"'],
  ])("%j is one argument", async (value, expected) => {
    const tree = smallTree('map $host $m { default {{v}}; }', ...text(value));
    expect(await rendered(tree)).toBe(`map $host $m { default ${expected}; }`);
  });

  it.each([
    ["within a path", "root /data/{{v}};"],
    ["before other text", "root {{v}}/html;"],
    ["within quotes", 'map $host $m { default "{{v}}"; }'],
    ["within single quotes", "map $host $m { default '{{v}}'; }"],
    ["behind a variable", "map $host $m { default ${host}{{v}}; }"],
    ["behind another value", "map $host $m { default {{v}}{{v}}; }"],
    ["behind a brace within a word", "map $host $m { default a}{{v}}; }"],
    ["in quotes of its own, but within a word", "root /data/{{quoted v}};"],
    ["in Lua", "init_by_lua_block { x = {{v}} }"],
  ])("that would break out %s is refused, with its line", async (_, template) => {
    const problems = await smallTree(template, ...text("a; load_module x")).problems("h1");
    expect(problems).toEqual([expect.stringMatching(/^common\/files\/nginx\.conf\.hbs:6: .* needs quotes, but stands within other text/)]);
  });

  it("that needs no quotes may stand within other text", async () => {
    const tree = smallTree('root /data/{{v}}/html;\nmap $host $m { default "{{v}}"; }', ...text("apps-1"));
    expect(await rendered(tree)).toBe('root /data/apps-1/html;\nmap $host $m { default "apps-1"; }');
  });

  it("may be anything in a comment", async () => {
    expect(await rendered(smallTree("# for {{v}}\nroot /x;", ...text("a b; c")))).toBe('# for "a b; c"\nroot /x;');
  });

  it("has no variables, unless it is an expression", async () => {
    expect(await smallTree("root {{v}};", ...text("$document_root")).problems("h1")).toEqual([expect.stringMatching(/^common\/layer\.yaml:2: values\.v: .*\$/)]);
    const tree = smallTree("map $host $m { default {{v}}; x {{w}}; }", "v: { type: expression }\nw: { type: expression }", 'v: $scheme://$host\nw: "$host; evil"');
    expect(await rendered(tree)).toBe('map $host $m { default $scheme://$host; x "$host; evil"; }');
    const quoted = smallTree('map $host $m { default {{quoted v}}; x {{quoted w}}; }', "v: { type: expression }\nw: { type: text }", "v: $scheme://$host\nw: plain");
    expect(await rendered(quoted)).toBe('map $host $m { default "$scheme://$host"; x "plain"; }');
  });

  it("of each kind is printed as nginx reads it", async () => {
    const declared = [
      "n: { type: number }", "b: { type: boolean }", "s: { type: size }", "t: { type: time }", "l: { type: list, of: { type: text } }",
      "r: { type: record, fields: { a: { type: text }, c: { type: text, optional: true } } }", "o: { type: text, optional: true }",
    ].join("\n");
    const values = 'n: 7\nb: false\ns: 10m\nt: 500ms\nl: [a, "b c"]\nr: { a: x }';
    const template = "sendfile {{b}};\nkeepalive_requests {{n}};\nclient_max_body_size {{s}};\nkeepalive_timeout {{t}};\n# {{words l}}|{{r.a}}|{{#if r.c}}c{{else}}no c{{/if}}|{{#unless o}}no o{{/unless}}|{{#if (has l \"a\")}}has a{{/if}}|{{#each l}}{{@index}}={{this}} {{/each}}";
    expect(await rendered(smallTree(template, declared, values))).toBe(
      'sendfile off;\nkeepalive_requests 7;\nclient_max_body_size 10m;\nkeepalive_timeout 500ms;\n# a "b c"|x|no c|no o|has a|0=a 1="b c" ',
    );
  });
});

describe("a template", () => {
  it.each([
    ["an unknown name", "root {{nobody}};", /:6: .*there is no value "nobody"$/],
    ["an unknown name that is asked for", "{{#if nobody}}x{{/if}}", /:6: .*there is no value "nobody"$/],
    ["an unknown name of a record", "root {{host.nobody}};", /:6: .*there is no value "nobody"$/],
    ["what a record of JavaScript has", "root {{host.constructor}};", /constructor/],
    ["a value that is not set", "root {{o}};", /:6: o is not set; ask with \{\{#if o\}\} first/],
    ["a list as one value", "root {{l}};", /:6: l is a list or a record; print it with/],
    ["output as it is", "root {{{v}}};", /:6: \{\{\{…\}\}\} and \{\{&…\}\} are not possible/],
    ["output as it is, in short", "root {{& v}};", /:6: \{\{\{…\}\}\} and/],
    ["a block that is not closed", "{{#if v}}", /not a template/],
    ["an unknown helper", "root {{shell v}};", /shell/],
    ["a control character", "root \u0001;", /:6: there is a control character here/],
    ["a list in quotes", "root {{quoted l}};", /quoted takes one value/],
    ["an upstream that is not there", 'proxy_pass http://{{upstream "nobody"}};', /there is no upstream "nobody" in Redis/],
    ["an address that is none", 'server { listen {{listen "1.2.3:80"}}; }', /"1\.2\.3:80" is not a listen address/],
    ["a partial that is not there", "{{> nobody}}", /nobody/],
    ["a partial that uses itself", "{{> loop}}", /a partial uses itself without end/],
  ])("with %s is refused", async (_, template, words) => {
    const tree = smallTree(template, "v: { type: text }\no: { type: text, optional: true }\nl: { type: list, of: { type: text } }", "v: x\nl: []");
    tree.write("common/partials/loop.hbs", "{{> loop}}");
    const problems = await tree.problems("h1");
    expect(problems).toEqual([expect.stringMatching(words)]);
  });

  it("of nginx' own language is read as nginx does", () => {
    for (const conf of ["a 'x;\"' b;\n", 'a "\\"";\n', "a b\\ c;\n", "# it's\na b;\n", "a ${x}y;\n", "if ($a ~ \"}\") { b; }\n", "a;\n#end"]) {
      expect(placeArguments("f", conf)).toEqual({ ok: true, value: conf });
    }
  });

  it("may hold Lua, whose braces and quotes are its own", () => {
    const lua = " local t = { '}', \"}\" } -- it's }\n --[[ } ]] s = [==[ } ]==] }";
    expect(endOfLuaBlock(`${lua} rest`, 0)).toBe(lua.length);
    expect(endOfLuaBlock(" { ", 0)).toBe(-1);
    expect(placeArguments("f", `content_by_lua_block {${lua}\nroot \u0001"a b"\u0002;`)).toMatchObject({ ok: true });
  });
});
