import { fieldsOfEntry, lastEntry } from "./support/audit.ts";
import { listUpstreams, missingUpstreams } from "../../src/dygateway/core/store/upstream_reads.ts";
import { equal } from "../support/assert.ts";
import { keys } from "./support/changes.ts";
import { byHand, drive, fakeRedis } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { refused, valueOf } from "./support/results.ts";
import { instruct, noStatics, planned, staticsOf } from "./support/upstreams.ts";

const two = "server 10.0.0.1:80; server 10.0.0.2:80;";

function stored(redis: FakeRedis, name: string): unknown {
  return redis.run(["HGET", keys.upstreams, name]);
}

describe("storing an upstream", () => {
  it("writes one field, a revision, an audit entry and an announcement", () => {
    const redis = fakeRedis();
    equal(instruct(redis, noStatics, "add_upstream", "upstream=beta1", "servers=server 10.0.0.1:80;server 10.0.0.2;"), true);
    equal(stored(redis, "beta1"), two);
    equal(redis.run(["GET", keys.revision]), "1");
    equal(redis.log[redis.log.length - 3], ["PUBLISH", keys.channel, "1"]);
    const entry = fieldsOfEntry(lastEntry(redis));
    equal([entry["action"], entry["what"], entry["before"], entry["after"], entry["upstreams"]], ["add_upstream", "upstream beta1", "", two, "beta1"]);
  });

  it("again changes nothing, in whatever form it is said", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
    const before = redis.dump();
    for (const servers of [two, "server 10.0.0.1:80; server 10.0.0.2:80 weight=1;", "server 10.0.0.1;server 10.0.0.2;"]) {
      equal(instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${servers}`), false, servers);
    }
    equal(redis.dump(), before);
  });

  it("says in the audit stream what a change came to, not the thousand servers that stayed", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two} keepalive 8;`);
    instruct(redis, noStatics, "set_peer_weight", "upstream=u", "id=1", "value=7");
    const weighed = fieldsOfEntry(lastEntry(redis));
    equal([weighed["action"], weighed["before"], weighed["after"]], ["set_peer_weight", "server 10.0.0.2:80;", "server 10.0.0.2:80 weight=7;"]);
    instruct(redis, noStatics, "remove_server", "upstream=u", "ip=10.0.0.2", "port=80");
    const removed = fieldsOfEntry(lastEntry(redis));
    equal([removed["before"], removed["after"]], ["server 10.0.0.2:80 weight=7;", ""]);
    instruct(redis, noStatics, "remove_upstream", "upstream=u");
    const gone = fieldsOfEntry(lastEntry(redis));
    equal([gone["before"], gone["after"]], ["server 10.0.0.1:80; keepalive 8;", ""]);
  });

  it("says both orders where servers changed places", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
    instruct(redis, noStatics, "add_upstream", "upstream=u", "servers=server 10.0.0.2; server 10.0.0.1;");
    const entry = fieldsOfEntry(lastEntry(redis));
    equal([entry["before"], entry["after"]], [two, "server 10.0.0.2:80; server 10.0.0.1:80;"]);
  });

  it("keeps the audit entry of a huge change short", () => {
    const redis = fakeRedis();
    let servers = "";
    for (let i = 0; i < 1000; i++) {
      servers += `server 10.1.${Math.floor(i / 200)}.${(i % 200) + 1}:8080;`;
    }
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${servers}`);
    const entry = fieldsOfEntry(lastEntry(redis));
    equal((entry["after"] ?? "").length < 4100, true);
  });

  it("starts again where somebody else wrote meanwhile", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
    valueOf(planned(redis, noStatics, "add_peer", "upstream=u", "ip=10.0.0.1", "port=80"));
    byHand(redis, ["HSET ab:test:upstreams other x"]);
    equal(redis.watchBroken(), true);
  });

  it("is refused where the key is something else, and where a definition was broken by hand", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:upstreams x"]);
    refused(planned(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`), 40101, "ab:test:upstreams is not the hash it should be: it is a string");
    byHand(redis, ["UNLINK ab:test:upstreams", "HSET ab:test:upstreams u nonsense"]);
    refused(planned(redis, noStatics, "set_peer_weight", "upstream=u", "id=0", "value=2"), 40102, "upstream 'u': parameter error for upstream body: statement 1");
    equal(instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`), true);
    equal(fieldsOfEntry(lastEntry(redis))["before"], "nonsense;");
  });
});

describe("instructions", () => {
  const cases: readonly (readonly [action: string, pairs: readonly string[], after: string])[] = [
    ["add_server", ["ip=10.0.0.3", "port=81", "weight=2", "maxfails=3", "failtimeout=20"], `${two} server 10.0.0.3:81 weight=2 max_fails=3 fail_timeout=20s;`],
    ["add_server", ["ip=10.0.0.3", "port=81", "weight=", "backup=true"], `${two} server 10.0.0.3:81 backup;`],
    ["add_server", ["ip=2001:DB8::1", "port=81"], `${two} server [2001:db8::1]:81;`],
    ["add_server", ["ip=[2001:db8::1]", "port=81"], `${two} server [2001:db8::1]:81;`],
    ["add_server", ["ip=unix:/run/a.sock"], `${two} server unix:/run/a.sock;`],
    ["add_server", ["ip=Web.example", "port=81"], `${two} server web.example:81;`],
    ["remove_peer", ["ip=10.0.0.2", "port=80"], "server 10.0.0.1:80; server 10.0.0.2:80 out;"],
    ["remove_server", ["ip=10.0.0.2", "port=80"], "server 10.0.0.1:80;"],
    ["set_peer_weight", ["id=0", "backup=false", "value=9"], "server 10.0.0.1:80 weight=9; server 10.0.0.2:80;"],
    ["set_peer_max_fails", ["id=0", "value=0"], "server 10.0.0.1:80 max_fails=0; server 10.0.0.2:80;"],
    ["set_peer_fail_timeout", ["id=0", "value=1m"], "server 10.0.0.1:80 fail_timeout=60s; server 10.0.0.2:80;"],
    ["set_peer_max_conns", ["id=1", "value=40"], "server 10.0.0.1:80; server 10.0.0.2:80 max_conns=40;"],
    ["set_peer_slow_start", ["ip=10.0.0.1", "port=80", "value=1m"], "server 10.0.0.1:80 slow_start=60s; server 10.0.0.2:80;"],
    ["set_peer_down", ["id=1", "value=true"], "server 10.0.0.1:80; server 10.0.0.2:80 down;"],
    ["set_peer_down", ["ip=10.0.0.1", "port=80", "value=1"], "server 10.0.0.1:80 down; server 10.0.0.2:80;"],
    ["set_peer", ["ip=10.0.0.1", "port=80", "weight=4", "max_conns=5", "slow_start=6", "drain=true"], "server 10.0.0.1:80 weight=4 max_conns=5 slow_start=6s drain; server 10.0.0.2:80;"],
    ["drain_peer", ["id=1"], "server 10.0.0.1:80; server 10.0.0.2:80 drain;"],
    ["set_upstream", ["strategy=least_conn"], `least_conn; ${two}`],
    ["set_upstream", ["strategy=hash $arg_id consistent"], `hash $arg_id consistent; ${two}`],
    ["set_upstream", ["keepalive=16", "keepalive_timeout=30s", "keepalive_requests=500"], `${two} keepalive 16; keepalive_timeout 30s; keepalive_requests 500;`],
    ["set_upstream", ["check=type=http path=/ok interval=1s"], `${two} check type=http path=/ok interval=1s;`],
  ];
  for (const [action, pairs, after] of cases) {
    it(`${action} ${pairs.join(" ")}`, () => {
      const redis = fakeRedis();
      instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
      equal(instruct(redis, noStatics, action, "upstream=u", ...pairs), true);
      equal(stored(redis, "u"), after);
      equal(instruct(redis, noStatics, action, "upstream=u", ...pairs), false, "again");
      equal(redis.run(["GET", keys.revision]), "2");
    });
  }

  it("undo each other", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
    for (const [action, pair] of [["drain_peer", "value=false"], ["set_peer", "drain=false"], ["set_peer_down", "value=false"]] as const) {
      instruct(redis, noStatics, action, "upstream=u", "id=0", pair.split("=")[0] === "value" ? "value=true" : "drain=true");
      instruct(redis, noStatics, action, "upstream=u", "id=0", pair);
      equal(stored(redis, "u"), two, action);
    }
    instruct(redis, noStatics, "set_upstream", "upstream=u", "strategy=ip_hash", "check=type=tcp");
    instruct(redis, noStatics, "set_upstream", "upstream=u", "strategy=round_robin", "check=off");
    equal(stored(redis, "u"), two);
  });

  const refusals: readonly (readonly [action: string, pairs: readonly string[], code: number, words: string])[] = [
    ["add_upstream", [`servers=${two}`], 50104, "arg upstream invalid: it is missing"],
    ["add_upstream", ["upstream=a b", `servers=${two}`], 50104, "arg upstream invalid"],
    ["add_upstream", ["upstream=dygateway_balancer", `servers=${two}`], 50104, "the gateway's own"],
    ["add_upstream", ["upstream=new"], 50104, "arg servers invalid: it is missing"],
    ["add_upstream", ["upstream=new", "servers=server 10.0.0.1:80"], 50102, "statement 1"],
    ["add_upstream", ["upstream=new", "servers=removed;"], 50102, "remove_upstream removes an upstream"],
    ["add_upstream", ["upstream=U", `servers=${two}`], 50104, "'U' differs from 'u' only in case"],
    ["add_server", ["upstream=no", "ip=10.0.0.1", "port=80"], 50104, "there is no upstream 'no'"],
    ["add_server", ["upstream=u", "port=80"], 50104, "arg ip invalid: it is missing"],
    ["add_server", ["upstream=u", "ip=10.0.0.1"], 50104, "arg port invalid: it is missing"],
    ["add_server", ["upstream=u", "ip=10.0.0.1", "port=0"], 50104, "arg port invalid: a whole number from 1 to 65535"],
    ["add_server", ["upstream=u", "ip=10.0.0.300", "port=80"], 50104, "arg ip invalid"],
    ["add_server", ["upstream=u", "ip=unix:/run/a", "port=80"], 50104, "a unix socket has none"],
    ["add_server", ["upstream=u", "ip=10.0.0.3", "port=80", "weight=0"], 50104, "arg weight invalid: a whole number from 1 to 65535"],
    ["add_server", ["upstream=u", "ip=10.0.0.3", "port=80", "maxfails=x"], 50104, "arg maxfails invalid"],
    ["add_server", ["upstream=u", "ip=10.0.0.3", "port=80", "failtimeout=500ms"], 50104, "arg failtimeout invalid: a time in whole seconds"],
    ["add_peer", ["upstream=u", "ip=10.0.0.9", "port=80"], 50104, "10.0.0.9:80 is no server of upstream 'u'"],
    ["set_peer_weight", ["upstream=u", "value=3"], 50104, "arg id invalid: it is missing; id and backup, or ip and port"],
    ["set_peer_weight", ["upstream=u", "id=0"], 50104, "arg value invalid: it is missing"],
    ["set_peer_weight", ["upstream=u", "id=2", "value=3"], 50104, "its primary peers are 0 to 1"],
    ["set_peer_weight", ["upstream=u", "id=-1", "value=3"], 50104, "arg id invalid"],
    ["set_peer_weight", ["upstream=u", "id=0", "ip=10.0.0.1", "port=80", "value=3"], 50104, "do not go together"],
    ["set_peer_weight", ["upstream=u", "id=0", "backup=maybe", "value=3"], 50104, "arg backup invalid: true or false"],
    ["set_peer_down", ["upstream=u", "id=0", "value=yes"], 50104, "arg value invalid: true or false is expected"],
    ["set_peer", ["upstream=u", "id=0"], 50104, "at least one of them is expected"],
    ["set_upstream", ["upstream=u"], 50104, "at least one of them is expected"],
    ["set_upstream", ["upstream=u", "strategy=fastest"], 50104, "arg strategy invalid: unknown directive 'fastest'"],
    ["set_upstream", ["upstream=u", "strategy=least_conn; keepalive 3"], 50104, "one statement of this kind is expected"],
    ["set_upstream", ["upstream=u", "strategy=keepalive 3"], 50104, "one statement of this kind is expected"],
    ["set_upstream", ["upstream=u", "keepalive=many"], 50104, "arg keepalive invalid"],
    ["set_upstream", ["upstream=u", "check=type=udp"], 50104, "arg check invalid: check: type=udp: http or tcp is expected"],
    ["remove_server", ["upstream=one", "ip=10.0.0.1", "port=80"], 50102, "the last server of upstream 'one'"],
    ["set_upstream", ["upstream=b", "strategy=ip_hash"], 50102, "a backup server is not possible with ip_hash"],
  ];
  for (const [action, pairs, code, words] of refusals) {
    it(`refuses ${action} ${pairs.join(" ")}, and nothing changes`, () => {
      const redis = fakeRedis();
      instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
      instruct(redis, noStatics, "add_upstream", "upstream=one", "servers=server 10.0.0.1;");
      instruct(redis, noStatics, "add_upstream", "upstream=b", "servers=server 10.0.0.1; server 10.0.0.2 backup;");
      const before = redis.dump();
      refused(planned(redis, noStatics, action, ...pairs), code, words);
      equal(redis.dump(), before);
    });
  }
});

describe("upstreams of a node's own upstream.conf", () => {
  const statics = staticsOf("stable", "zone z 64k;\n  server 10.0.0.1;\n  server 10.0.0.2:80; # two\n", "Old", "server 10.0.0.7;");

  it("are edited as they stand there, and are everybody's from then on", () => {
    const redis = fakeRedis();
    instruct(redis, statics, "set_peer_weight", "upstream=stable", "id=1", "value=5");
    equal(stored(redis, "stable"), "server 10.0.0.1:80; server 10.0.0.2:80 weight=5;");
    equal(fieldsOfEntry(lastEntry(redis))["upstreams"], "stable");
  });

  it("are not taken over where an edit changes nothing", () => {
    const redis = fakeRedis();
    equal(instruct(redis, statics, "add_peer", "upstream=stable", "ip=10.0.0.1", "port=80"), false);
    equal(redis.dump(), "");
  });

  it("leave a mark when they are removed, and can come back", () => {
    const redis = fakeRedis();
    equal(instruct(redis, statics, "remove_upstream", "upstream=stable"), true);
    equal(stored(redis, "stable"), "removed;");
    equal(instruct(redis, statics, "remove_upstream", "upstream=stable"), false);
    refused(planned(redis, statics, "set_peer_weight", "upstream=stable", "id=1", "value=5"), 50104, "there is no upstream 'stable'");
    equal(instruct(redis, statics, "add_upstream", "upstream=stable", `servers=${two}`), true);
    equal(stored(redis, "stable"), two);
  });

  it("are listed beside those of the store, without those removed", () => {
    const redis = fakeRedis();
    instruct(redis, statics, "add_upstream", "upstream=beta1", `servers=${two}`);
    instruct(redis, statics, "remove_upstream", "upstream=Old");
    const listed = valueOf(drive(redis, listUpstreams(keys, statics)));
    equal(listed.map(({ name, source }) => `${name} ${source}`), ["beta1 redis", "stable upstream.conf"]);
  });

  it("count as names that are taken, whatever their case", () => {
    const redis = fakeRedis();
    refused(planned(redis, statics, "add_upstream", "upstream=old", `servers=${two}`), 50104, "'old' differs from 'Old'");
    instruct(redis, statics, "remove_upstream", "upstream=Old");
    equal(instruct(redis, statics, "add_upstream", "upstream=old", `servers=${two}`), true);
    equal(valueOf(drive(redis, missingUpstreams(keys, statics, ["STABLE", "OLD", "beta9", "stable"]))), ["beta9"]);
  });

  it("that cannot be read are refused by name", () => {
    const redis = fakeRedis();
    const broken = staticsOf("odd", "server;");
    refused(planned(redis, broken, "set_peer_weight", "upstream=odd", "id=0", "value=5"), 40102, "upstream 'odd'");
  });

  it("removed by their only node leave nothing where no node has them", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=u", `servers=${two}`);
    instruct(redis, noStatics, "remove_upstream", "upstream=u");
    equal(stored(redis, "u"), { kind: "nil" });
  });
});
