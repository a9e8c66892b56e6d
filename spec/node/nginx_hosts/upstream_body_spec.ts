import { describe, expect, it } from "vitest";
import { readBody } from "../../../src/node/nginx_hosts/upstreams/body.ts";

const printed = (text: string): string => {
  const body = readBody(text);
  if (!body.ok) return body.reason;
  return "lines" in body ? body.lines.join(" ") : "removed";
};

describe("the body of an upstream", () => {
  it.each([
    ["server 10.0.0.1:80 weight=2; keepalive 64;", "server 10.0.0.1:80 weight=2; keepalive 64;"],
    ["server a.example.com:80", "server a.example.com:80;"],
    ["server [2001:db8::1]:80 backup; server unix:/run/x.sock;", "server [2001:db8::1]:80 backup; server unix:/run/x.sock;"],
    ["hash $request_uri consistent; server 10.0.0.1;", "hash $request_uri consistent; server 10.0.0.1;"],
    ["random two least_conn; server 10.0.0.1;", "random two least_conn; server 10.0.0.1;"],
    ["server 10.0.0.1 drain; server 10.0.0.2 out max_fails=0;", "server 10.0.0.1 down; server 10.0.0.2 max_fails=0 down;"],
    ["server 10.0.0.1 slow_start=30s; check type=http path=/ok expect=200,204; no_check;", "server 10.0.0.1;"],
    ["least_conn;", "least_conn; server 127.0.0.1:9 down;"],
    ["", "server 127.0.0.1:9 down;"],
    ["removed;", "removed"],
  ])("%j is written for nginx as %j", (text, expected) => {
    expect(printed(text)).toBe(expected);
  });

  it.each([
    "server 10.0.0.1:80; } server { listen 1; ",
    "server 10.0.0.1:80 # comment;",
    "server 10.0.0.1:80; include /etc/shadow;",
    "server 10.0.0.1:80; load_module x.so;",
    'server "10.0.0.1:80";',
    "server '10.0.0.1;evil on;';",
    "server 10.0.0.1\u0000;",
    "server 10.0.0.1:80 weight=2\\;",
    "server 10.0.0.1:80 weight=x;",
    "server;",
    "server 10.0.0.1:80;;",
    "keepalive 64 more;",
    "zone x 64k;",
    "balancer_by_lua_block;",
    "constructor;",
    "__proto__ x;",
    "server 10.0.0.1; removed;",
    `hash ${"a".repeat(600)};`,
  ])("%j is refused", (text) => {
    expect(readBody(text)).toMatchObject({ ok: false, reason: expect.any(String) as string });
  });
});
