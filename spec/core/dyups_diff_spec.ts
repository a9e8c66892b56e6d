import { dyupsPlace, dyupsRequest, readReply } from "../../src/dygateway/core/upstream/dyups_answer.ts";
import type { DyupsReply } from "../../src/dygateway/core/upstream/dyups_answer.ts";
import { planDyups } from "../../src/dygateway/core/upstream/dyups_diff.ts";
import type { DyupsPlan, SentUpstream, WantedUpstream } from "../../src/dygateway/core/upstream/dyups_diff.ts";
import { detailBlock } from "../../src/dygateway/core/admin/dyups_protocol.ts";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import type { Lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { forModule, readDetail } from "../../src/dygateway/core/upstream/dyups_state.ts";
import type { ModuleUpstream, ShownServer } from "../../src/dygateway/core/upstream/dyups_state.ts";
import { contains, defined, equal, fail } from "../support/assert.ts";
import { upstreamOf } from "./support/upstreams.ts";

function sent(body: string, resolved: Lookup<readonly string[]> = lookup()): ModuleUpstream {
  const made = forModule(upstreamOf(body), resolved);
  return made.ok ? made.upstream : fail(made.reason);
}

describe("what the module is told of an upstream", () => {
  const cases: readonly (readonly [title: string, body: string, told: string])[] = [
    ["always says keepalive", "server 10.0.0.1:80;", "server 10.0.0.1:80; keepalive 64;"],
    ["keeps every parameter of nginx", "server 10.0.0.1:80 weight=2 max_fails=3 fail_timeout=5s max_conns=7; server 10.0.0.2:80 backup; keepalive 8;", "server 10.0.0.1:80 weight=2 max_fails=3 fail_timeout=5s max_conns=7; server 10.0.0.2:80 backup; keepalive 8;"],
    ["keeps the strategy", "hash $remote_addr consistent; server unix:/run/a.sock;", "hash $remote_addr consistent; server unix:/run/a.sock; keepalive 64;"],
    ["says of those without requests that they are down", "server 10.0.0.1:80; server 10.0.0.2:80 drain; server 10.0.0.3:80 out;", "server 10.0.0.1:80; server 10.0.0.2:80 down; server 10.0.0.3:80 down; keepalive 64;"],
    ["leaves out keepalive where there is none", "server 10.0.0.1:80; keepalive 0;", "server 10.0.0.1:80;"],
  ];
  for (const [title, body, told] of cases) {
    it(title, () => {
      equal(sent(body).body, told);
    });
  }

  it("has the addresses of names", () => {
    const resolved: Lookup<readonly string[]> = lookup();
    resolved["a.test:80"] = ["10.0.0.1:80", "10.0.0.2:80"];
    equal(sent("server a.test:80 weight=3;", resolved).body, "server 10.0.0.1:80 weight=3; server 10.0.0.2:80 weight=3; keepalive 64;");
    resolved["a.test:80"] = [];
    equal(forModule(upstreamOf("server a.test:80; server 10.0.0.9:80 backup;"), resolved), { ok: false, reason: "no address of any primary server is known" });
  });

  it("lacks what the module does not know, and says so", () => {
    equal(sent("server 10.0.0.1:80 slow_start=5s; server 10.0.0.2:80 slow_start=5s; check type=tcp;").unknown, ["slow_start", "check"]);
    equal(sent("server 10.0.0.1:80;").unknown, []);
  });
});

describe("the module's /detail", () => {
  it("reads what this project's own says", () => {
    const body = "server 10.0.0.1:80 weight=2 max_conns=4; server 10.0.0.2:80 backup down max_fails=0 fail_timeout=3s;";
    const read = readDetail(`${detailBlock("a", upstreamOf(body))}${detailBlock("b", upstreamOf("server unix:/run/b.sock;"))}`, noPause);
    const upstreams = read.ok ? read.upstreams : fail(read.reason);
    equal(upstreams["a"], sent(body).servers);
    equal(upstreams["b"], sent("server unix:/run/b.sock;").servers);
  });

  it("may lack fields, and the last empty line", () => {
    const read = readDetail("a\r\nserver 10.0.0.1:80\r\n\r\nb\nserver 10.0.0.2:80 weight=2 new=9", noPause);
    const upstreams = read.ok ? read.upstreams : fail(read.reason);
    const none = { weight: -1, maxConns: -1, maxFails: -1, failTimeout: -1, backup: -1, down: -1 };
    equal(upstreams["a"], [{ ...none, address: "10.0.0.1:80" }]);
    equal(upstreams["b"], [{ ...none, address: "10.0.0.2:80", weight: 2 }]);
  });

  for (const text of ["<html>\n<body>", "it works\n", "a\nserver 10.0.0.1:80\nanother line\n"]) {
    it(`is refused where it is something else: ${text.slice(0, 10)}`, () => {
      const read = readDetail(text, noPause);
      contains(read.ok ? fail("it was taken") : read.reason, "not that of a dyups interface");
    });
  }
});

const LATE = 100;

function wanted(bodies: Lookup<string>): Lookup<WantedUpstream> {
  const all: Lookup<WantedUpstream> = lookup();
  for (const name of Object.keys(bodies)) {
    const upstream = sent(defined(bodies[name], name));
    all[name] = { ...upstream, digest: upstream.body };
  }
  return all;
}

/** What the module shows of upstreams by these bodies. */
function shows(bodies: Lookup<string>): Lookup<readonly ShownServer[]> {
  const all: Lookup<readonly ShownServer[]> = lookup();
  for (const name of Object.keys(bodies)) {
    all[name] = sent(defined(bodies[name], name)).servers;
  }
  return all;
}

function told(bodies: Lookup<string>, at: number): Lookup<SentUpstream> {
  const all: Lookup<SentUpstream> = lookup();
  for (const name of Object.keys(bodies)) {
    all[name] = { digest: bodies[name] === "" ? "" : sent(defined(bodies[name], name)).body, at };
  }
  return all;
}

const one = "server 10.0.0.1:80;";
const two = "server 10.0.0.2:80;";

function plan(want: Lookup<string>, found: Lookup<string>, before: Lookup<string>, at = 0, gone: readonly string[] = []): DyupsPlan {
  return planDyups(wanted(want), gone, shows(found), told(before, at), LATE);
}

describe("what the module should be told next", () => {
  it("is nothing where it is as it should be", () => {
    equal(plan({ a: one }, { a: one, other: two }, { a: one }), { send: [], remove: [], forget: [], differences: [], isLost: false });
  });

  it("is everything at first, also what looks right: it does not show its keepalive", () => {
    const first = plan({ a: one, b: two }, { b: two }, {});
    equal(first.send, ["a", "b"]);
    equal(first.isLost, false);
    equal(first.differences, ["a: it is not there"]);
  });

  it("is a changed definition alone", () => {
    equal(plan({ a: two, b: one }, { a: one, b: one }, { a: one, b: one }).send, ["a"]);
    equal(plan({ a: `${one} keepalive 9;`, b: one }, { a: one, b: one }, { a: one, b: one }).send, ["a"]);
  });

  it("is all of it where something of ours is lost or was changed", () => {
    const lost = plan({ a: one, b: two }, { b: two }, { a: one, b: two });
    equal([lost.send, lost.isLost, lost.differences], [["a", "b"], true, ["a: it is not there"]]);
    const changed = plan({ a: one, b: two }, { a: two, b: two }, { a: one, b: two });
    equal([changed.send, changed.isLost, changed.differences], [["a", "b"], true, ["a: it lacks 10.0.0.1:80"]]);
  });

  it("is nothing while its workers may still tell each other", () => {
    equal(plan({ a: one }, {}, { a: one }, LATE - 1), { send: [], remove: [], forget: [], differences: [], isLost: false });
    equal(plan({ a: one }, {}, { a: one }, LATE - 2).isLost, true);
  });

  it("is to delete what was removed, and nothing else", () => {
    const removed = plan({}, { a: one, other: two }, { a: one });
    equal([removed.remove, removed.differences], [["a"], ["a: it should not be there"]]);
    equal(plan({}, { a: one }, { a: "" }, LATE - 1).remove, []);
    equal(plan({}, { a: one }, { a: "" }, 0).remove, ["a"]);
    equal(plan({}, { other: two }, { a: "" }, 0).forget, ["a"]);
    equal(plan({}, { other: two }, { a: "" }, LATE - 1).forget, []);
  });

  it("is to delete what has a tombstone, whoever had it", () => {
    equal(plan({}, { a: one }, {}, 0, ["a", "b"]).remove, ["a"]);
    equal(plan({}, { a: one }, { a: one }, 0, ["a"]).remove, ["a"]);
  });

  const parameters: readonly (readonly [wanted: string, shown: string, difference: string])[] = [
    ["server 10.0.0.1:80; server 10.0.0.2:80;", "server 10.0.0.2:80; server 10.0.0.1:80;", ""],
    ["server 10.0.0.1:80 weight=2;", one, "10.0.0.1:80 has other parameters"],
    ["server 10.0.0.1:80 max_conns=2;", one, "10.0.0.1:80 has other parameters"],
    ["server 10.0.0.1:80 max_fails=2;", one, "10.0.0.1:80 has other parameters"],
    ["server 10.0.0.1:80 fail_timeout=2s;", one, "10.0.0.1:80 has other parameters"],
    ["server 10.0.0.1:80 down;", one, "10.0.0.1:80 has other parameters"],
    [`${one} server 10.0.0.2:80 backup;`, `${one} ${two}`, "10.0.0.2:80 has other parameters"],
    [`${one} ${two}`, one, "it has 1 servers, 2 are expected"],
  ];
  for (const [want, shown, difference] of parameters) {
    it(`tells ${want} from ${shown}`, () => {
      equal(plan({ a: want }, { a: shown }, { a: want }).differences, difference === "" ? [] : [`a: ${difference}`]);
    });
  }

  it("does not miss what an old version of the module does not show", () => {
    const read = readDetail("a\nserver 10.0.0.1:80\n\n", noPause);
    const found = read.ok ? read.upstreams : fail(read.reason);
    equal(planDyups(wanted({ a: "server 10.0.0.1:80 weight=9;" }), [], found, told({ a: "server 10.0.0.1:80 weight=9;" }, 0), LATE).differences, []);
  });
});

describe("asking a dyups interface", () => {
  it("goes to the place of its URL", () => {
    equal(dyupsPlace("http://127.0.0.1:8081"), { host: "127.0.0.1", port: 8081, path: "" });
    equal(dyupsPlace("http://gateway.test/dyups/"), { host: "gateway.test", port: 80, path: "/dyups" });
    equal(dyupsPlace("http://[::1]:81/a/b"), { host: "[::1]", port: 81, path: "/a/b" });
    equal(dyupsPlace("http://[::1]"), { host: "[::1]", port: 80, path: "" });
  });

  it("sends a body with its length", () => {
    const place = dyupsPlace("http://127.0.0.1:8081/dyups");
    equal(dyupsRequest(place, "POST", "/upstream/a", one), `POST /dyups/upstream/a HTTP/1.0\r\nHost: 127.0.0.1:8081\r\nUser-Agent: dygateway\r\nContent-Length: 19\r\nConnection: close\r\n\r\n${one}`);
    equal(dyupsRequest(place, "GET", "/list", "").indexOf("Content-Length"), -1);
  });

  const replies: readonly (readonly [raw: string, reply: DyupsReply])[] = [
    ["HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nsuccess", { ok: true, status: 200, text: "success" }],
    ["HTTP/1.1 200 OK\r\n\r\nsuccess", { ok: true, status: 200, text: "success" }],
    ["HTTP/1.0 204 No Content\r\n\r\n", { ok: true, status: 204, text: "" }],
    ["HTTP/1.1 500 Error\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nadd\r\n0\r\n\r\n", { ok: true, status: 500, text: "add" }],
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsuccess", { ok: false, reason: "the answer was cut off" }],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nadd", { ok: false, reason: "the answer was cut off" }],
    ["HTTP/1.1 200 OK\r\nContent-Le", { ok: false, reason: "the answer is not HTTP" }],
    ["SSH-2.0\r\n\r\n", { ok: false, reason: "the answer is not HTTP" }],
    ["", { ok: false, reason: "the connection was closed without an answer" }],
  ];
  for (const [raw, reply] of replies) {
    it(`reads ${raw.split("\r\n").join(" ").slice(0, 50)}`, () => {
      equal(readReply(raw), reply);
    });
  }
});
