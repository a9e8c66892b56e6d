import { lookup } from "../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { carryDynamic, composeConf, parseConf, writtenRevision } from "../../src/dygateway/core/upstream/conf_file.ts";
import type { DynamicUpstream } from "../../src/dygateway/core/upstream/conf_file.ts";
import { printConfBlock } from "../../src/dygateway/core/upstream/conf_print.ts";
import type { Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { parseConfBody, parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { printUpstreamBody } from "../../src/dygateway/core/upstream/print.ts";
import { random } from "../cases/random.ts";
import { randomUpstream } from "../cases/upstream_random.ts";
import { contains, equal, isTrue } from "../support/assert.ts";
import { refused, valueOf } from "./support/results.ts";

const PARAMETER_ERROR = 50102;
const nobody: Lookup<readonly string[]> = lookup();

function upstreamOf(body: string): Upstream {
  return valueOf(parseUpstreamBody(body, noPause));
}

function dynamic(name: string, body: string): DynamicUpstream {
  return { name, block: body === "removed" ? undefined : printConfBlock(name, upstreamOf(body), nobody) };
}

function compose(existing: string, upstreams: readonly DynamicUpstream[], revision = 7): string {
  return valueOf(composeConf(existing, upstreams, revision));
}

/** Names and printed bodies: what a gateway that reads the file knows. */
function statics(text: string): [string, string][] {
  return valueOf(parseConf(text, noPause)).statics.map(({ name, body }) => [name, printUpstreamBody(valueOf(parseConfBody(body, noPause)))]);
}

function dynamics(text: string): string[] {
  return valueOf(parseConf(text, noPause)).dynamics.map(({ name }) => name);
}

/** What nginx reads: every line but comments and empty ones. */
function inForce(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

const written = `# by hand; upstream commented { server 10.0.0.9; }
map $http_upgrade $connection_upgrade { default "a } b"; '' 'c { d'; }

upstream stable {
    zone stable 64k;
    server 10.0.0.1:8020 weight=3; # the first; of two
    server 10.0.0.2:8020 max_fails=0;
    keepalive 64;
}
  upstream beta1 { server "10.0.0.3:8020"; }
upstream scripted {
    server 0.0.0.1;
    balancer_by_lua_block {
        -- a } in a comment
        --[[ and one
        of two lines } ]]
        local text = "}" .. '\\'}' .. [==[ } ]] ]==]
        if text then balance({ text = text }) end
    }
}
`;

describe("upstream.conf", () => {
  it("is read with everything that nginx allows in it", () => {
    equal(valueOf(parseConf(written, noPause)).statics.map(({ name }) => name), ["stable", "beta1", "scripted"]);
    equal(statics(written.slice(0, written.indexOf("upstream scripted"))), [
      ["stable", "server 10.0.0.1:8020 weight=3; server 10.0.0.2:8020 max_fails=0; keepalive 64;"],
      ["beta1", "server 10.0.0.3:8020;"],
    ]);
  });

  it("stays as it is while nothing is dynamic", () => {
    for (const text of ["", written, "upstream a { server a; }", "# only\r\n"]) {
      equal(compose(text, []), text);
    }
  });

  it("keeps every byte that is not the gateway's, and gets a marked section", () => {
    const text = compose(written, [dynamic("new", "server 10.1.0.1:80 weight=2; keepalive 8;")]);
    equal(
      text,
      `${written}
# >>> dygateway: upstreams set at run time, revision 7. Written by the gateway: edits down to
# the line with <<< are lost. Definitions above that they replace stand behind "#dygateway:".

upstream new {
    server 10.1.0.1:80 weight=2;
    keepalive 8;
}

# <<< dygateway
`,
    );
    equal(dynamics(text), ["new"]);
  });

  it("hides a definition that is replaced, and shows it again when nothing replaces it any more", () => {
    const replaced = compose(written, [dynamic("stable", "server 10.9.9.9:80;"), dynamic("BETA1", "removed")]);
    equal(replaced.indexOf("\n    server 10.0.0.1:8020") < 0, true);
    contains(replaced, "\n#dygateway: upstream stable {\n#dygateway:     zone stable 64k;\n");
    contains(replaced, "\n#dygateway:   upstream beta1 { server \"10.0.0.3:8020\"; }\nupstream scripted {\n");
    contains(replaced, "\n# removed: BETA1\n\nupstream BETA1 {\n    server 127.0.0.1:9 down; # it was removed\n}\n");
    equal(dynamics(replaced), ["stable"]);
    equal(valueOf(parseConf(replaced, noPause)).statics.length, 3);
    equal(compose(replaced, []), written);
  });

  it("holds one of names that differ only in case, and names the other: nginx would refuse both", () => {
    const text = compose("", [dynamic("foo", "server 10.0.0.1:1;"), dynamic("Foo", "server 10.0.0.1:2;"), dynamic("bar", "server 10.0.0.1:3;")]);
    equal(dynamics(text), ["Foo", "bar"]);
    contains(text, "\n# left out: foo, which nginx takes for Foo\n");
    const other = compose("", [dynamic("foo", "server 10.0.0.1:1;"), dynamic("Foo", "removed")]);
    equal(dynamics(other), ["foo"]);
  });

  it("has a block without servers in the place of a removed one that it defines, and of no other", () => {
    const text = compose(written, [dynamic("beta1", "removed"), dynamic("elsewhere", "removed"), dynamic("STABLE", "removed"), dynamic("stable", "server 10.0.0.1:1;")]);
    const conf = valueOf(parseConf(text, noPause));
    equal(conf.standIns.map(({ name, body }) => [name, body.trim()]), [["beta1", "server 127.0.0.1:9 down; # it was removed"]]);
    equal(conf.dynamics.map(({ name }) => name), ["stable"]);
    equal(valueOf(parseConf(compose(text, [dynamic("stable", "server 10.0.0.1:1;")]), noPause)).standIns, []);
    equal(compose(text, []), written);
  });

  it("may speak of thousands", () => {
    const many: DynamicUpstream[] = [];
    for (let i = 0; i < 9000; i++) {
      many.push(dynamic(`u${i}`, "removed"));
    }
    equal(compose("", many).split("\n# removed: ").length, 9001);
  });

  it("is the same for the same upstreams, whatever was there and in whatever order they come", () => {
    const first = [dynamic("b", "server 10.0.0.1:1;"), dynamic("a", "server 10.0.0.1:2;"), dynamic("stable", "removed")];
    const text = compose(written, first);
    equal(compose(text, first), text);
    equal(compose(compose(text, [dynamic("beta1", "server 10.0.0.1:3;")]), [...first].reverse()), text);
  });

  it("is another text for another revision only where something else is another, too", () => {
    const one = [dynamic("stable", "server 10.0.0.1;")];
    const first = valueOf(composeConf(written, one, 7));
    equal(writtenRevision(written), undefined);
    equal(writtenRevision(first), 7);
    equal(valueOf(composeConf(first, one, 8)), first);
    const second = valueOf(composeConf(first, [dynamic("stable", "server 10.0.0.2;")], 12345678));
    equal(writtenRevision(second), 12345678);
    equal(second, compose(first, [dynamic("stable", "server 10.0.0.2;")], 12345678));
    equal(writtenRevision(second.replace(", revision 12345678", "")), 0);
    refused(composeConf(first.replace("# <<< dygateway", ""), one, 8), PARAMETER_ERROR, "have no end");
    equal(valueOf(composeConf(written, [], 7)), compose(written, []));
  });

  it("keeps what an operator has added behind the section", () => {
    const text = `${compose(written, [dynamic("a", "server 10.0.0.1:2;")])}upstream late { server 10.0.0.5; }\n`;
    const again = compose(text, [dynamic("b", "server 10.0.0.1:2;")]);
    equal(valueOf(parseConf(again, noPause)).statics.length, 4);
    equal([dynamics(again), compose(again, [])], [["b"], `${written}upstream late { server 10.0.0.5; }\n`]);
  });

  const odd: readonly (readonly [what: string, text: string, left: readonly string[]])[] = [
    ["on one line with others", "upstream a { server x; } upstream b { server y; } # and so on\n", ["upstream b { server y; } # and so on"]],
    ["at the end, without a line break", "upstream b { server y; }\nupstream a { server x; }", ["upstream b { server y; }"]],
    ["twice, in another case", "upstream a { server x; }\nupstream A { server y; }\n", []],
    ["with Windows' line ends", "upstream a {\r\n server x;\r\n}\r\nupstream b { server y; }\r\n", ["upstream b { server y; }"]],
    ["over several lines with its name in quotes", 'upstream\n "a"\n{ server x; }\n', []],
  ];
  for (const [what, text, left] of odd) {
    it(`hides a definition ${what}`, () => {
      const hidden = compose(text, [dynamic("a", "removed")]);
      equal(inForce(hidden), [...left, "upstream a {", "server 127.0.0.1:9 down; # it was removed", "}"]);
      equal(statics(hidden), statics(text));
      const shown = compose(hidden, []);
      equal([inForce(compose(shown, [dynamic("a", "removed")])), statics(shown)], [inForce(hidden), statics(text)]);
    });
  }

  it("has no comment longer than nginx reads", () => {
    const servers: string[] = [];
    for (let i = 1; i <= 300; i++) {
      servers.push(`server 10.0.0.1:${i};`);
    }
    const text = `upstream a { ${servers.join(" ")} }\nupstream b { hash ${"é".repeat(1500)}; server x; }\n`;
    const hidden = compose(text, [dynamic("a", "removed"), dynamic("b", "removed")]);
    for (const line of hidden.split("\n")) {
      isTrue(line.length <= 1100, `${line.slice(0, 40)} has ${line.length}`);
    }
    equal(compose(hidden, []), text);
  });

  const broken: readonly (readonly [text: string, words: string])[] = [
    ["upstream a {\n server x;\n", "upstream.conf: line 3: a block is not closed"],
    ["upstream a { server x }\n", "line 1: ';' is missing after 'server'"],
    ["\n}\n", "line 2: an unexpected '}'"],
    ["upstream a { server x; }\n\nserver\n", "line 4: ';' is missing after 'server'"],
    ['upstream a { server "x; }\n', "a quoted word does not end"],
    ["upstream a { balancer_by_lua_block { ' } }\n", "a Lua block is not closed"],
  ];
  for (const [text, words] of broken) {
    it(`is refused and never overwritten: ${words}`, () => {
      refused(composeConf(text, [dynamic("a", "removed")], 1), PARAMETER_ERROR, words);
      refused(parseConf(text, noPause), PARAMETER_ERROR, words);
    });
  }

  it("is refused when its section was cut short", () => {
    const text = compose(written, [dynamic("a", "server 10.0.0.1:2;")]);
    const cut = text.slice(0, text.indexOf("# <<<"));
    refused(composeConf(cut, [], 1), PARAMETER_ERROR, "the dynamic upstreams that begin here have no end (# <<< dygateway)");
    refused(carryDynamic(written, cut), PARAMETER_ERROR, "have no end");
  });

  it("keeps its dynamic upstreams when the rest is rendered anew", () => {
    const before = compose(written, [dynamic("stable", "server 10.9.9.9:80;"), dynamic("x", "server 10.0.0.1:2;"), dynamic("beta1", "removed")], 12);
    equal(valueOf(carryDynamic(written, before)), before);
    equal(valueOf(carryDynamic(written, "")), written);
    const fresh = "upstream x { server 10.0.0.7; }\nupstream beta1 { server 10.0.0.8; }\nupstream y { server 10.0.0.9; }\n";
    const carried = valueOf(carryDynamic(fresh, before));
    equal(dynamics(carried), ["stable", "x"]);
    equal(inForce(carried.slice(0, carried.indexOf("# >>>"))), ["upstream y { server 10.0.0.9; }"]);
    equal(compose(carried, []), fresh);
  });
});

describe("the block of a dynamic upstream", () => {
  const names: Lookup<readonly string[]> = lookup();
  names["app.example"] = ["10.0.0.1", "2001:db8::1"];

  const blocks: readonly (readonly [body: string, lines: readonly string[]])[] = [
    ["server 10.0.0.1:80;", ["server 10.0.0.1:80;", "keepalive 64;"]],
    ["least_conn; server a:1 drain; keepalive 0;", ["least_conn;", "# server a:1 drain; its address is not known", "server 127.0.0.1:9 down; # no address of any primary server is known", "# keepalive 0;"]],
    ["server 10.0.0.1:1 weight=2 slow_start=30s; server 10.0.0.1:2 drain; server 10.0.0.1:3 out; server unix:/a backup;", ["server 10.0.0.1:1 weight=2; # slow_start=30s", "server 10.0.0.1:2 down; # drain", "server 10.0.0.1:3 down; # out of rotation", "server unix:/a backup;", "keepalive 64;"]],
    ["server app.example:81 weight=2; keepalive 3; keepalive_timeout 500ms; keepalive_requests 7;", ["server 10.0.0.1:81 weight=2; # app.example:81", "server [2001:db8::1]:81 weight=2; # app.example:81", "keepalive 3;", "keepalive_timeout 500ms;", "keepalive_requests 7;"]],
    ["hash $remote_addr$arg_x consistent; server 10.0.0.1:1;", ["hash $remote_addr$arg_x consistent;", "server 10.0.0.1:1;", "keepalive 64;"]],
    ["hash $hostkey; server 10.0.0.1:1;", ["# hash $hostkey; its variables are not known to every nginx", "server 10.0.0.1:1;", "keepalive 64;"]],
    ["server 10.0.0.1:1; check type=tcp;", ["server 10.0.0.1:1;", "keepalive 64;", "# check type=tcp;"]],
  ];
  for (const [body, lines] of blocks) {
    it(`says in nginx's words: ${body}`, () => {
      equal(printConfBlock("x", upstreamOf(body), names), `upstream x {\n    ${lines.join("\n    ")}\n}\n`);
    });
  }

  it("reads back as the same servers, whatever it is", () => {
    const dice = random(99);
    for (let round = 0; round < 200; round++) {
      const upstream = randomUpstream(dice, 8);
      const { dynamics: found } = valueOf(parseConf(compose(written, [{ name: "x", block: printConfBlock("x", upstream, nobody) }]), noPause));
      const read = valueOf(parseConfBody(found[0]?.body ?? "", noPause));
      const expected = upstream.servers.filter(({ address }) => address.indexOf("example") < 0);
      const isPlaceheld = expected.every(({ backup }) => backup);
      equal(
        read.servers.filter(({ address }) => address !== "127.0.0.1:9"),
        expected.map((server) => ({
          ...server,
          down: server.down || server.drain || server.out,
          slowStart: 0,
          drain: false,
          out: false,
        })),
        `round ${round}`,
      );
      equal(read.servers.length, expected.length + (isPlaceheld ? 1 : 0), `round ${round}`);
    }
  });
});
