import { addPeer, addServer, removePeer, removeServer, setPeer } from "../../src/dygateway/core/upstream/edit_servers.ts";
import type { ServerFields } from "../../src/dygateway/core/upstream/edit_servers.ts";
import { applyDraft, setDefinition } from "../../src/dygateway/core/upstream/edit_definition.ts";
import { findPeer, hasUsablePeer, peersOf } from "../../src/dygateway/core/upstream/edit_peers.ts";
import type { PeerTarget } from "../../src/dygateway/core/upstream/edit_peers.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { Server, Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { printUpstreamBody } from "../../src/dygateway/core/upstream/print.ts";
import { equal } from "../support/assert.ts";
import { refused, valueOf } from "./support/results.ts";
import { upstreamOf } from "./support/upstreams.ts";

const two = "server 10.0.0.1:80 weight=3; server 10.0.0.2:80;";

function edited(body: string, edit: (this: void, upstream: Upstream) => Upstream): string {
  return printUpstreamBody(edit(upstreamOf(body)));
}

describe("adding a server", () => {
  it("puts it into rotation, behind the others, with nginx's defaults", () => {
    equal(edited(two, (upstream) => addServer(upstream, "10.0.0.3:80", {})), `${two} server 10.0.0.3:80;`);
    const fields: ServerFields = { weight: 5, maxFails: 0, failTimeout: 30 };
    equal(edited(two, (upstream) => addServer(upstream, "10.0.0.3:80", fields)), `${two} server 10.0.0.3:80 weight=5 max_fails=0 fail_timeout=30s;`);
  });

  it("that is there already changes only what is said, keeps its place, and ends a drain", () => {
    equal(edited(two, (upstream) => addServer(upstream, "10.0.0.1:80", {})), two);
    equal(edited(two, (upstream) => addServer(upstream, "10.0.0.1:80", { maxFails: 4 })), "server 10.0.0.1:80 weight=3 max_fails=4; server 10.0.0.2:80;");
    const body = "server 10.0.0.1:80 weight=3 drain out; server 10.0.0.2:80;";
    equal(edited(body, (upstream) => addServer(upstream, "10.0.0.1:80", {})), two);
  });

  it("may be one of thousands", () => {
    const [server] = upstreamOf(two).servers;
    const servers: Server[] = [];
    for (let i = 0; i < 9000; i++) {
      servers.push({ ...(server as Server), address: `10.1.${Math.floor(i / 250)}.${i % 250}:80` });
    }
    equal(addServer({ ...upstreamOf(two), servers }, "10.0.0.3:80", {}).servers.length, 9001);
  });

  it("leaves one down that an operator took down", () => {
    const body = "server 10.0.0.1:80 down; server 10.0.0.2:80;";
    equal(edited(body, (upstream) => addServer(upstream, "10.0.0.1:80", {})), body);
  });
});

describe("the two steps", () => {
  const out = "server 10.0.0.1:80 weight=3; server 10.0.0.2:80 out;";

  it("take a server out of rotation and put it back, each as often as one likes", () => {
    equal(edited(two, (upstream) => removePeer(upstream, "10.0.0.2:80")), out);
    equal(edited(out, (upstream) => removePeer(upstream, "10.0.0.2:80")), out);
    equal(edited(out, (upstream) => valueOf(addPeer("u", upstream, "10.0.0.2:80"))), two);
    equal(edited(two, (upstream) => valueOf(addPeer("u", upstream, "10.0.0.2:80"))), two);
  });

  it("refuse to put an unknown server into rotation", () => {
    refused(addPeer("u", upstreamOf(two), "10.0.0.9:80"), 50104, "10.0.0.9:80 is no server of upstream 'u'; add_server defines it");
  });

  it("forget a server, out of rotation or in it, and one that is not there", () => {
    equal(edited(out, (upstream) => valueOf(removeServer("u", upstream, "10.0.0.2:80"))), "server 10.0.0.1:80 weight=3;");
    equal(edited(two, (upstream) => valueOf(removeServer("u", upstream, "10.0.0.1:80"))), "server 10.0.0.2:80;");
    equal(edited(two, (upstream) => valueOf(removeServer("u", upstream, "10.0.0.9:80"))), two);
    equal(edited(two, (upstream) => removePeer(upstream, "10.0.0.9:80")), two);
  });

  it("never leave an upstream that nginx would not start with", () => {
    refused(removeServer("u", upstreamOf("server 10.0.0.1:80;"), "10.0.0.1:80"), 50102, "the last server of upstream 'u'");
    refused(removeServer("u", upstreamOf("server 10.0.0.1:80; server 10.0.0.2:80 backup;"), "10.0.0.1:80"), 50102, "backup servers only");
  });
});

describe("naming a peer", () => {
  const body = "server 10.0.0.1:80; server 10.0.0.2:80 backup; server 10.0.0.3:80 out; server 10.0.0.4:80; server 10.0.0.5:80 backup;";
  const cases: readonly (readonly [target: PeerTarget, address: string])[] = [
    [{ kind: "id", id: 0, backup: false }, "10.0.0.1:80"],
    [{ kind: "id", id: 1, backup: false }, "10.0.0.4:80"],
    [{ kind: "id", id: 0, backup: true }, "10.0.0.2:80"],
    [{ kind: "id", id: 1, backup: true }, "10.0.0.5:80"],
    [{ kind: "address", address: "10.0.0.5:80" }, "10.0.0.5:80"],
    [{ kind: "address", address: "10.0.0.3:80" }, "10.0.0.3:80"],
  ];

  for (const [target, address] of cases) {
    it(`finds ${address} by ${target.kind}`, () => {
      equal(valueOf(findPeer("u", upstreamOf(body), target)).address, address);
    });
  }

  it("says which there are where there is none", () => {
    refused(findPeer("u", upstreamOf(body), { kind: "id", id: 2, backup: false }), 50104, "upstream 'u' has no peer id 2; its primary peers are 0 to 1");
    refused(findPeer("u", upstreamOf(two), { kind: "id", id: 0, backup: true }), 50104, "has no peer id 0 (backup); it has no backup peers");
    refused(findPeer("u", upstreamOf(two), { kind: "address", address: "10.0.0.9:80" }), 50104, "its servers are 10.0.0.1:80, 10.0.0.2:80");
  });

  it("names at most ten of many servers", () => {
    let many = "";
    for (let i = 1; i <= 30; i++) {
      many += `server 10.0.1.${i}:80;`;
    }
    refused(findPeer("u", upstreamOf(many), { kind: "address", address: "10.0.0.9:80" }), 50104, "10.0.1.10:80 and 20 more");
  });

  it("lists primaries and backups apart, without those out of rotation", () => {
    equal(peersOf(upstreamOf(body), false).map((server) => server.address), ["10.0.0.1:80", "10.0.0.4:80"]);
    equal(peersOf(upstreamOf(body), true).map((server) => server.address), ["10.0.0.2:80", "10.0.0.5:80"]);
  });
});

describe("setting fields of a peer", () => {
  it("changes what is said of one peer and nothing else", () => {
    const target: PeerTarget = { kind: "id", id: 1, backup: false };
    const fields: ServerFields = { weight: 2, maxFails: 3, failTimeout: 5, maxConns: 100, slowStart: 30, down: true };
    const after = "server 10.0.0.1:80 weight=3; server 10.0.0.2:80 weight=2 max_fails=3 fail_timeout=5s max_conns=100 slow_start=30s down;";
    equal(edited(two, (upstream) => valueOf(setPeer("u", upstream, target, fields))), after);
    const back: ServerFields = { weight: 1, maxFails: 1, failTimeout: 10, maxConns: 0, slowStart: 0, down: false };
    equal(edited(after, (upstream) => valueOf(setPeer("u", upstream, target, back))), two);
  });

  it("knows whether a peer is left that takes requests", () => {
    for (const body of ["server 10.0.0.1:80 down;", "server 10.0.0.1:80 drain;", "server 10.0.0.1:80 out;"]) {
      equal(hasUsablePeer(upstreamOf(body)), false, body);
    }
    equal(hasUsablePeer(upstreamOf("server 10.0.0.1:80 down; server 10.0.0.2:80 backup;")), true);
  });
});

describe("replacing the servers", () => {
  const full = "least_conn; server 10.0.0.1:80; keepalive 32; keepalive_timeout 30s; check type=tcp interval=1s;";
  const cases: readonly (readonly [what: string, body: string, after: string])[] = [
    ["keeps all that a body does not say", "server 10.0.0.9:80;", "least_conn; server 10.0.0.9:80; keepalive 32; keepalive_timeout 30s; check type=tcp interval=1s;"],
    ["takes another strategy", "ip_hash; server 10.0.0.9:80;", "ip_hash; server 10.0.0.9:80; keepalive 32; keepalive_timeout 30s; check type=tcp interval=1s;"],
    ["takes another keepalive, whole", "server 10.0.0.9:80; keepalive 0;", "least_conn; server 10.0.0.9:80; keepalive 0; check type=tcp interval=1s;"],
    ["takes another check", "server 10.0.0.9:80; check type=http;", "least_conn; server 10.0.0.9:80; keepalive 32; keepalive_timeout 30s; check type=http;"],
    ["ends the check where the body says so", "server 10.0.0.9:80; no_check;", "least_conn; server 10.0.0.9:80; keepalive 32; keepalive_timeout 30s;"],
  ];
  for (const [what, body, after] of cases) {
    it(what, () => {
      equal(edited(full, (upstream) => applyDraft(upstream, valueOf(parseUpstreamBody(body, noPause)))), after);
    });
  }

  it("takes a new upstream as it is posted", () => {
    equal(printUpstreamBody(applyDraft(undefined, valueOf(parseUpstreamBody(full, noPause)))), full);
  });

  it("sets strategy, keepalive and check apart from the servers", () => {
    equal(edited(full, (upstream) => setDefinition(upstream, { balance: { kind: "round_robin" }, check: "none" })), "server 10.0.0.1:80; keepalive 32; keepalive_timeout 30s;");
    const keepalive = { connections: 5, timeout: undefined, requests: 10 };
    equal(edited(two, (upstream) => setDefinition(upstream, { keepalive })), `${two} keepalive 5; keepalive_requests 10;`);
  });
});
