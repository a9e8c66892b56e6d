import { describe, expect, it } from "vitest";
import { snapshotOf } from "../../../src/node/nginx_hosts/upstreams/snapshot.ts";
import { rendered, smallTree, upstreamsOf } from "./support_tree.ts";

const snapshot = (name: string, text: string) => snapshotOf({ revision: 7, bodies: new Map([[name, text]]) });

describe("a stored upstream", () => {
  it.each([
    ["server 10.0.0.1:80 weight=2; keepalive 8;", ["server 10.0.0.1:80 weight=2;", "keepalive 8;"]],
    ["least_conn; server [2001:db8::1]:80; server unix:/run/x.sock backup;", ["least_conn;", "server [2001:db8::1]:80;", "server unix:/run/x.sock backup;", "keepalive 64;"]],
    ["server a.example.com:80 weight=2; server b.example.com:80 drain;", ["server a.example.com:80 weight=2;", "server b.example.com:80 down; # drain", "keepalive 64;"]],
    ["server a.example.com:80 slow_start=30s; check type=tcp;", ["server a.example.com:80; # slow_start=30s", "keepalive 64;", "# check type=tcp;"]],
    ["hash $mine; server 10.0.0.1:80; keepalive 0;", ["# hash $mine; its variables are not known to every nginx", "server 10.0.0.1:80;", "# keepalive 0;"]],
  ])("%j is a block of nginx, whose names nginx resolves", (text, lines) => {
    const { revision, blocks, broken } = snapshot("x", text);
    expect([...blocks]).toEqual([["x", `upstream x {\n    ${lines.join("\n    ")}\n}\n`]]);
    expect([revision, broken.size]).toEqual([7, 0]);
  });

  it("is none where it was removed", () => {
    expect(snapshot("x", "removed;")).toEqual({ revision: 7, blocks: new Map(), broken: new Map() });
  });

  it.each([
    ["x", "", /it has no server/],
    ["x", "server 10.0.0.1:80; } server { listen 1; ", /unexpected '}'/],
    ["x", "server 10.0.0.1:80; include /etc/shadow;", /'include' is not possible/],
    ["x", "server 10.0.0.1:80\n# comment", /missing after/],
    ["x", "removed; server 10.0.0.1:80;", /'removed'/],
    ["x{}", "server 10.0.0.1:80;", /'x\{\}': letters, digits/],
    ["dygateway_balancer_9", "server 10.0.0.1:80;", /the gateway's own/],
  ])("of the name %j and the text %j is refused, with the reason", (name, text, reason) => {
    const { blocks, broken } = snapshot(name, text);
    expect([...blocks.keys()]).toEqual([]);
    expect([...broken.keys()]).toEqual([name]);
    expect(broken.get(name)).toMatch(reason);
  });

  it("stands between other lines of a template, and is accepted by nginx with its remarks", async () => {
    const text = "hash $mine; server 127.0.0.1:1 drain; server 127.0.0.1:2 slow_start=5s; check \"body=a; b } {\";";
    const tree = smallTree('{{upstream "x"}} # behind\nserver { listen {{listen 80}}; location / { proxy_pass http://x; } }', "v: { type: text }", "v: x");
    expect(await rendered(tree, { upstreams: upstreamsOf({ x: text }) })).toMatch(/^upstream x \{\n[^]*\n\} # behind\nserver /);
  });
});
