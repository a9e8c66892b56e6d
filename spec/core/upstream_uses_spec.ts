import { checkPolicyGroup } from "../../src/dygateway/core/policy/policy_group.ts";
import type { UpstreamCheck } from "../../src/dygateway/core/store/diverted_upstreams.ts";
import { setPolicyGroup } from "../../src/dygateway/core/store/group_changes.ts";
import { setPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import type { StoredPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { readPolicyUpstreams, UPSTREAMS_FIELD } from "../../src/dygateway/core/store/policy_upstreams.ts";
import { setRuntime } from "../../src/dygateway/core/store/runtime_changes.ts";
import type { Change } from "../../src/dygateway/core/store/transaction.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { equal } from "../support/assert.ts";
import { addGroup, addPolicy, addRuntime, context, keys, ofGroup, ofPolicy } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { json } from "./support/json.ts";
import { checkText, noForeign } from "./support/policies.ts";
import { refused, valueOf } from "./support/results.ts";
import { instruct, noStatics, planned, staticsOf } from "./support/upstreams.ts";

const to = (...upstreams: string[]): string =>
  `{"divtype":"url","divdata":[${upstreams.map((upstream, i) => `{"url":"/${i}","upstream":"${upstream}"}`).join(",")}]}`;
const statics = staticsOf("stable", "server 10.0.0.1;");
const check: UpstreamCheck = { statics, force: false };
const forced: UpstreamCheck = { statics, force: true };

function storing(text: string, how: UpstreamCheck | undefined): Change<StoredPolicy> {
  return setPolicy(context(), valueOf(checkText(text)), how);
}

describe("a policy's upstreams", () => {
  const kinds: readonly (readonly [policy: string, upstreams: readonly string[]])[] = [
    [to("b", "a", "b"), ["a", "b"]],
    ['{"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"u1"},{"suffix":"2","upstream":"u1"}]}', ["u1"]],
    ['{"divtype":"uidrange","divdata":[{"range":{"start":1,"end":2},"upstream":"be:ta"},{"range":{"start":5,"end":9},"upstream":"x"}]}', ["be:ta", "x"]],
    ['{"divtype":"iprange","divdata":[{"range":"10.0.0.0/8","upstream":"v4"},{"range":"2001:db8::/32","upstream":"v6"}]}', ["v4", "v6"]],
    ['{"divtype":"header","divdata":[{"name":"X","value":"a","upstream":"h1"},{"name":"X","value":"b","upstream":"h2"}]}', ["h1", "h2"]],
    ['{"divtype":"percent","divdata":[{"percent":5,"upstream":"p"}]}', ["p"]],
    ['{"divtype":"uidappoint","divdata":[{"uidset":[1,2],"upstream":"q"}]}', ["q"]],
  ];
  for (const [text, upstreams] of kinds) {
    it(`are known when it is checked, and when it is stored: ${text}`, () => {
      equal(valueOf(checkText(text)).upstreams, upstreams);
      const redis = fakeRedis();
      const id = addPolicy(redis, text);
      equal(drive(redis, readPolicyUpstreams(keys, id, noPause)), { isBuiltin: true, upstreams });
    });
  }

  it("of a large policy are kept beside it, and not gone through again", () => {
    const redis = fakeRedis();
    const uids: number[] = [];
    for (let uid = 1; uid <= 6000; uid++) {
      uids.push(uid);
    }
    const id = addPolicy(redis, `{"divtype":"uidappoint","divdata":[{"uidset":[${uids.join(",")}],"upstream":"one"},{"uidset":[7000],"upstream":"two"}]}`);
    equal(redis.run(["HGET", keys.policyMeta(id), UPSTREAMS_FIELD]), "6001\none\ntwo");
    const before = redis.log.length;
    equal(drive(redis, readPolicyUpstreams(keys, id, noPause)).upstreams, ["one", "two"]);
    equal(redis.log.slice(before).some((command) => command[0] === "HSCAN"), false);
    byHand(redis, [`HSET ${keys.divdata(id)} 8000 three`]);
    equal(drive(redis, readPolicyUpstreams(keys, id, noPause)).upstreams, ["one", "three", "two"]);
  });
});

describe("a policy that leads to an upstream", () => {
  it("that exists nowhere is refused, with its name", () => {
    const redis = fakeRedis();
    instruct(redis, statics, "add_upstream", "upstream=beta1", "servers=server 10.0.0.2;");
    const before = redis.dump();
    refused(drive(redis, storing(to("beta1", "stable", "beta8", "beta9"), check)), 50201, "upstream 'beta8', 'beta9': there is none of that name");
    equal(redis.dump(), before);
  });

  it("that exists, or is an address, is stored; and any is by force, or where no dynamic upstreams are set up", () => {
    const redis = fakeRedis();
    instruct(redis, statics, "add_upstream", "upstream=beta1", "servers=server 10.0.0.2;");
    const known = to("beta1", "BETA1", "stable", "10.0.0.1:80", "[2001:db8::1]:8080", "10.0.0.1");
    equal(commit(redis, storing(known, check))?.answer.policyId, "0");
    equal(commit(redis, storing(to("nowhere"), forced))?.answer.policyId, "1");
    equal(commit(redis, storing(to("nowhere"), undefined))?.answer.policyId, "2");
    for (const name of ["example.com:80", "10.0.0.1:99999", "10.0.0.300:80"]) {
      redis.watchBroken();
      refused(drive(redis, storing(to(name), check)), 50201, `'${name}'`);
    }
  });

  it("that was removed is refused, also one of upstream.conf", () => {
    const redis = fakeRedis();
    instruct(redis, statics, "remove_upstream", "upstream=stable");
    refused(drive(redis, storing(to("stable"), check)), 50201, "'stable'");
  });

  it("in a group is refused with its level", () => {
    const redis = fakeRedis();
    const group = valueOf(checkPolicyGroup(json(`{"1":${to("stable")},"2":${to("beta9")}}`), noForeign, noPause));
    const before = redis.dump();
    refused(drive(redis, setPolicyGroup(context(), group, check)), 50201, "policy NO.2 policy invalid for upstream 'beta9'");
    equal(redis.dump(), before);
    equal(commit(redis, setPolicyGroup(context(), group, forced))?.answer.policyIds, ["0", "1"]);
  });

  it("is not put in force either, unless forced", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${to("stable")},"2":${to("beta9")}}`);
    const before = redis.dump();
    refused(drive(redis, setRuntime(context(), "h", ofGroup("0"), noForeign, check)), 50201, "policy 1: policy invalid for upstream 'beta9'");
    equal(redis.dump(), before);
    redis.watchBroken();
    equal(commit(redis, setRuntime(context(), "h", ofGroup("0", 1), noForeign, check))?.revision, 2);
    equal(commit(redis, setRuntime(context(), "h", ofGroup("0"), noForeign, forced))?.revision, 3);
  });

  it("is refused where the upstream is removed at the same moment", () => {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=beta1", "servers=server 10.0.0.2;");
    let steps = 0;
    drive(redis, storing(to("beta1"), check), () => {
      steps++;
    });
    redis.watchBroken();
    const interfered = commit(redis, storing(to("beta1"), check), (step) => {
      if (step === steps) {
        byHand(redis, ["SET ab:test:revision 2", "HDEL ab:test:upstreams beta1"]);
      }
    });
    equal(interfered, undefined);
  });
});

describe("an upstream that a runtime leads to", () => {
  function inUse(): FakeRedis {
    const redis = fakeRedis();
    instruct(redis, noStatics, "add_upstream", "upstream=beta1", "servers=server 10.0.0.1; server 10.0.0.2;");
    instruct(redis, noStatics, "add_upstream", "upstream=free", "servers=server 10.0.0.1;");
    addGroup(redis, `{"1":${to("x")},"2":${to("Beta1", "x")}}`);
    addPolicy(redis, to("free"));
    addRuntime(redis, "a.test", ofGroup("0"));
    addRuntime(redis, "b.test", ofPolicy("1"));
    addRuntime(redis, "c.test", ofPolicy("0"));
    return redis;
  }
  const users = "policy is busy and policyID is 1: upstream 'beta1' is in use by the runtime of a.test (policy 1), the runtime of b.test (policy 1)";

  it("is not removed, and the error says who uses it; unless forced, or nobody does any more", () => {
    const redis = inUse();
    const before = redis.dump();
    refused(planned(redis, noStatics, "remove_upstream", "upstream=beta1"), 50202, users);
    equal(redis.dump(), before);
    equal(instruct(redis, noStatics, "remove_upstream", "upstream=free"), true);
    equal(instruct(redis, noStatics, "remove_upstream", "upstream=beta1", "force=1"), true);
  });

  it("is not removed by the level that divsteps leaves out", () => {
    const redis = inUse();
    addRuntime(redis, "a.test", ofGroup("0", 1));
    addRuntime(redis, "b.test", ofPolicy("0"));
    equal(instruct(redis, noStatics, "remove_upstream", "upstream=beta1"), true);
  });

  const lasts: readonly (readonly [action: string, ...pairs: string[]])[] = [
    ["remove_peer", "ip=10.0.0.1", "port=80"],
    ["remove_server", "ip=10.0.0.1", "port=80"],
    ["set_peer_down", "id=0", "value=true"],
    ["set_peer", "id=0", "down=true"],
    ["drain_peer", "id=0"],
    ["add_upstream", "servers=server 10.0.0.9 down;"],
  ];
  for (const [action, ...pairs] of lasts) {
    it(`keeps its last usable peer: ${action} ${pairs.join(" ")}`, () => {
      const redis = inUse();
      instruct(redis, noStatics, "drain_peer", "upstream=beta1", "id=1");
      const before = redis.dump();
      const words = "this leaves upstream 'beta1' without a usable peer, and it is in use by the runtime of a.test (policy 1)";
      refused(planned(redis, noStatics, action, "upstream=beta1", ...pairs), 50202, words);
      equal(redis.dump(), before);
      equal(instruct(redis, noStatics, action, "upstream=beta1", ...pairs, "force=1"), true);
    });
  }

  it("may lose one of two, and one that nobody uses may lose all", () => {
    const redis = inUse();
    equal(instruct(redis, noStatics, "drain_peer", "upstream=beta1", "id=1"), true);
    equal(instruct(redis, noStatics, "set_peer_down", "upstream=free", "id=0", "value=true"), true);
  });

  it("names some of many", () => {
    const redis = inUse();
    for (let i = 0; i < 40; i++) {
      addRuntime(redis, `h${100 + i}.test`, ofPolicy("1"));
    }
    refused(planned(redis, noStatics, "remove_upstream", "upstream=beta1"), 50202, " and 22 more; force=1 removes it all the same");
  });
});
