import { setPolicyGroup, deletePolicyGroup } from "../../src/dygateway/core/store/group_changes.ts";
import { deletePolicy, setPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { errorReply } from "../../src/dygateway/core/store/command.ts";
import { checkPolicyGroup } from "../../src/dygateway/core/policy/policy_group.ts";
import type { ForeignDivtypes } from "../../src/dygateway/core/policy/policy.ts";
import { checkPolicy } from "../../src/dygateway/core/policy/policy.ts";
import { noPause, success } from "../../src/dygateway/core/result.ts";
import { contains, defined, equal, isTrue } from "../support/assert.ts";
import { addGroup, addPolicy, addRuntime, context, keys, namedPolicy, ofGroup, ofPolicy, suffixPolicy } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis } from "./support/fake_redis.ts";
import { json } from "./support/json.ts";
import { checkText, noForeign } from "./support/policies.ts";
import { refused, valueOf } from "./support/results.ts";

const policy = valueOf(checkText(suffixPolicy));

describe("storing a policy", () => {
  it("hands out ids from 0 on and writes the contract's keys, a revision and an audit entry", () => {
    const redis = fakeRedis();
    const transaction = defined(commit(redis, setPolicy(context(), policy)), "the transaction");
    equal([transaction.answer.policyId, transaction.revision], ["0", 1]);
    equal(redis.dump().split("\n"), [
      "ab:test:audit = stream |||1-0 nonce n1 time 1700000000000 who alice from 127.0.0.1 action policy_set what policy 0 before  after uidsuffix, 1 rule hostnames  policyids 0",
      "ab:test:policies:0:divdata = hash |1 beta1||",
      "ab:test:policies:0:divtype = string uidsuffix|||",
      "ab:test:policies:idCount = string 0|||",
      "ab:test:revision = string 1|||",
    ]);
    equal(redis.log.at(-1), ["PUBLISH", "ab:test:changes", "1"]);
    equal(addPolicy(redis, suffixPolicy), "1");
    equal(redis.run(["GET", keys.revision]), "2");
  });

  it("goes on where the predecessor's counter stands", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:policies:idCount 41"]);
    equal(addPolicy(redis, suffixPolicy), "42");
    byHand(redis, ["SET ab:test:policies:idCount -1", "UNLINK ab:test:policies:42:divtype"]);
    equal(addPolicy(redis, suffixPolicy), "0");
  });

  it("never overwrites a policy when the counter was lost", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:policies:0:divtype url", "SET ab:test:policies:1:divtype url"]);
    equal(addPolicy(redis, suffixPolicy), "2");
    equal(redis.run(["GET", keys.policyIdCount]), "2");
    equal(redis.run(["GET", keys.divtype("1")]), "url");
  });

  it("finds a free id far behind a counter that was lost", () => {
    const redis = fakeRedis();
    for (let id = 0; id < 350; id++) {
      byHand(redis, [`SET ab:test:policies:${id}:divtype url`]);
    }
    equal(addPolicy(redis, suffixPolicy), "350");
  });

  for (const counter of ["x", "1.5", "-7", "10000000000000", "99999999999999", "9007199254740993", "1700000000000000000", "1e300", "inf"]) {
    it(`is refused where the counter is ${counter}`, () => {
      const redis = fakeRedis();
      byHand(redis, [`SET ab:test:policies:idCount ${counter}`]);
      const before = redis.dump();
      let steps = 0;
      const result = drive(redis, setPolicy(context(), policy), () => {
        steps++;
        isTrue(steps < 300, "it never ends");
      });
      refused(result, 40101, "ab:test:policies:idCount");
      equal(redis.dump(), before);
    });
  }


  it("leaves nothing of an older policy in its place", () => {
    const redis = fakeRedis();
    byHand(redis, ["HSET ab:test:policies:0:divdata 7 old", "HSET ab:test:policies:0:meta name old", "ZADD ab:test:policies:0:divdata_ipv6 0 x"]);
    equal(addPolicy(redis, suffixPolicy), "0");
    equal(redis.run(["HGETALL", keys.divdata("0")]), ["1", "beta1"]);
    equal(redis.run(["EXISTS", keys.policyMeta("0"), keys.divdataIpv6("0")]), 0);
  });

  it("keeps IPv6 ranges, name, userinfo and salt in keys of their own", () => {
    const redis = fakeRedis();
    addPolicy(redis, '{"divtype":"iprange","divdata":[{"range":"::1","upstream":"a"},{"range":"1.2.3.4","upstream":"b"}],"name":"n","userinfo":"header:X-Ip"}');
    addPolicy(redis, '{"divtype":"percent","divdata":[{"percent":100,"upstream":"a"}],"salt":"s"}');
    addPolicy(redis, '{"divtype":"header","divdata":[{"name":"A","value":"b","upstream":"u"}]}');
    equal(redis.run(["ZRANGE", keys.divdata("0"), "0", "9", "WITHSCORES"]), ["0:b", "16909059.7", "1:b", "16909060.3"]);
    equal(redis.run(["ZRANGE", keys.divdataIpv6("0"), "0", "9", "WITHSCORES"]), [
      "00000000000000000000000000000001-00000000000000000000000000000001:a",
      "0",
    ]);
    equal(redis.run(["HGETALL", keys.policyMeta("0")]), ["name", "n", "userinfo", "header:X-Ip"]);
    equal(redis.run(["HGETALL", keys.policyMeta("1")]), ["salt", "s"]);
    equal(redis.run(["LRANGE", keys.divdata("2"), "0", "-1"]), ["a:b", "u"]);
    equal(redis.run(["HGETALL", keys.policyNames]), ["n", "0"]);
    contains(redis.dump(), "after iprange 'n', 2 rules hostnames");
    contains(redis.dump(), "after percent, 1 rule hostnames");
    contains(redis.dump(), "after header, 1 rule hostnames");
  });

  it("watches what it has read: the counter, the names, the revision, the audit stream", () => {
    const redis = fakeRedis();
    drive(redis, setPolicy(context(), policy));
    equal(redis.watched(), ["ab:test:audit", "ab:test:policies:idCount", "ab:test:policies:names", "ab:test:revision"]);
  });

  for (const command of ["SET ab:test:policies:idCount 5", "SET ab:test:revision 9", "HSET ab:test:policies:names x 1"]) {
    it(`starts again when somebody does: ${command}`, () => {
      const redis = fakeRedis();
      const interfered = commit(redis, setPolicy(context(), policy), (step) => {
        if (step === 2) {
          byHand(redis, [command]);
        }
      });
      equal(interfered, undefined);
      equal(redis.run(["EXISTS", keys.divtype("0")]), 0);
    });
  }

  it("writes the commands of a Lua module, however many they are", () => {
    const many: ForeignDivtypes = {
      ...noForeign,
      parser: () => "my_cityParser",
      check: () =>
        success((key) => {
          const commands: string[][] = [];
          for (let i = 0; i < 20000; i++) {
            commands.push(["HSET", key, `${i}`, "a"]);
          }
          return success(commands);
        }),
    };
    const redis = fakeRedis();
    const checked = valueOf(checkPolicy(json('{"divtype":"my_city","divdata":1}'), many, noPause));
    defined(commit(redis, setPolicy(context(), checked)), "the transaction");
    equal(redis.run(["HLEN", keys.divdata("0")]), 20000);
  });
});

describe("names", () => {
  it("are unique among policies, and among groups", () => {
    const redis = fakeRedis();
    equal(addPolicy(redis, namedPolicy("gray")), "0");
    equal(addGroup(redis, `{"1":${suffixPolicy},"name":"gray"}`), "0");
    const before = redis.dump();
    refused(drive(redis, setPolicy(context(), valueOf(checkText(namedPolicy("gray"))))), 50201, "the policy name 'gray' is in use by NO.0");
    const group = valueOf(checkPolicyGroup(json(`{"1":${suffixPolicy},"name":"gray"}`), noForeign, noPause));
    refused(drive(redis, setPolicyGroup(context(), group)), 50201, "the policygroup name 'gray' is in use by NO.0");
    equal(redis.dump(), before);
  });

  it("are free again when their policy is deleted, also by the predecessor", () => {
    const redis = fakeRedis();
    addPolicy(redis, namedPolicy("gray"));
    commit(redis, deletePolicy(context(), { name: "gray" }, false));
    equal(redis.run(["EXISTS", keys.policyNames, keys.divtype("0")]) === 0 || redis.run(["HLEN", keys.policyNames]) === 0, true);
    equal(addPolicy(redis, namedPolicy("gray")), "1");
    byHand(redis, ["UNLINK ab:test:policies:1:divtype ab:test:policies:1:divdata"]);
    equal(addPolicy(redis, namedPolicy("gray")), "2");
    equal(redis.run(["HGET", keys.policyNames, "gray"]), "2");
  });

  it("stay with their new policy when the leftovers of the old one are deleted", () => {
    const redis = fakeRedis();
    addPolicy(redis, namedPolicy("gray"));
    byHand(redis, ["UNLINK ab:test:policies:0:divtype ab:test:policies:0:divdata"]);
    equal(addPolicy(redis, namedPolicy("gray")), "1");
    commit(redis, deletePolicy(context(), { id: "0" }, false));
    equal(redis.run(["HGET", keys.policyNames, "gray"]), "1");
  });

  it("that nobody has are told", () => {
    const redis = fakeRedis();
    refused(drive(redis, deletePolicy(context(), { name: "gray" }, false)), 50104, "there is no policy named 'gray'");
    refused(drive(redis, deletePolicyGroup(context(), { name: "g" }, true)), 50104, "there is no policygroup named 'g'");
  });
});

describe("storing a group", () => {
  it("stores its policies with ids in a row, level 1 first, in one change", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    equal(addGroup(redis, `{"2":${suffixPolicy},"1":${namedPolicy("n")},"name":"g"}`), "0");
    equal(redis.run(["LRANGE", keys.group("0"), "0", "-1"]), ["1", "2"]);
    equal([redis.run(["GET", keys.divtype("1")]), redis.run(["GET", keys.divtype("2")])], ["url", "uidsuffix"]);
    equal([redis.run(["GET", keys.policyIdCount]), redis.run(["GET", keys.groupIdCount]), redis.run(["GET", keys.revision])], ["2", "0", "2"]);
    equal([redis.run(["HGET", keys.groupNames, "g"]), redis.run(["HGET", keys.groupMeta("0"), "name"])], ["0", "g"]);
    contains(redis.dump(), "action policygroup_set what policygroup 0 before  after 1: url 'n', 1 rule; 2: uidsuffix, 1 rule hostnames  policyids 1\n2");
  });

  it("is refused where a policy is in the way of its ids", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:policies:1:divtype url"]);
    const group = valueOf(checkPolicyGroup(json(`{"1":${suffixPolicy},"2":${suffixPolicy}}`), noForeign, noPause));
    refused(drive(redis, setPolicyGroup(context(), group)), 40101, "policy 1 exists already");
    equal(redis.run(["EXISTS", keys.divtype("0"), keys.group("0"), keys.revision]), 0);
  });
});

describe("deleting", () => {
  it("a policy takes all that belongs to it, and is a success where there is none", () => {
    const redis = fakeRedis();
    addPolicy(redis, namedPolicy("n"));
    equal(commit(redis, deletePolicy(context(), { id: "0" }, false))?.revision, 2);
    equal(redis.run(["EXISTS", keys.divtype("0"), keys.divdata("0"), keys.policyMeta("0")]), 0);
    const again = commit(redis, deletePolicy(context(), { id: "0" }, false));
    equal([again?.revision, again?.commands.length], [2, 0]);
    equal(redis.run(["GET", keys.policyIdCount]), "0");
  });

  it("a policy in force is refused, and says where, unless it is forced", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    addRuntime(redis, "api.weibo.cn", ofPolicy("0"));
    addRuntime(redis, "b.weibo.cn", ofPolicy("0"));
    const before = redis.dump();
    refused(drive(redis, deletePolicy(context(), { id: "0" }, false)), 50202, "policyID is 0: in use by the runtime of api.weibo.cn, b.weibo.cn;");
    equal(redis.dump(), before);
    commit(redis, deletePolicy(context(), { id: "0" }, true));
    contains(redis.dump(), "action policy_del what policy 0 (forced) before uidsuffix after  hostnames api.weibo.cn\nb.weibo.cn policyids 0");
    equal(redis.run(["EXISTS", keys.divtype("0")]), 0);
  });

  it("a group takes its policies, unless one of them is in force", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${namedPolicy("n")},"name":"g"}`);
    addRuntime(redis, "h", ofGroup("0", 1));
    const before = redis.dump();
    refused(drive(redis, deletePolicyGroup(context(), { id: "0" }, false)), 50202, "policyID is 0: in use by the runtime of h;");
    equal(redis.dump(), before);
    commit(redis, deletePolicyGroup(context(), { name: "g" }, true));
    equal(redis.run(["EXISTS", keys.divtype("0"), keys.divtype("1"), keys.group("0"), keys.groupMeta("0")]), 0);
    equal([redis.run(["HGET", keys.policyNames, "n"]), redis.run(["HGET", keys.groupNames, "g"])], [{ kind: "nil" }, { kind: "nil" }]);
    equal(commit(redis, deletePolicyGroup(context(), { id: "0" }, false))?.commands.length, 0);
    equal(commit(redis, deletePolicyGroup(context(), { id: "77" }, false))?.commands.length, 0);
  });
});

describe("a change", () => {
  for (const [fault, code, words] of [
    ["GET ab:test:revision", 40101, "LOADING"],
    ["WATCH", 40101, "LOADING"],
    ["GET ab:test:policies:idCount", 40101, "LOADING"],
  ] as const) {
    it(`is refused where the store refuses ${fault}`, () => {
      const redis = fakeRedis();
      redis.fault = (command) => (command.join(" ").indexOf(fault) === 0 ? errorReply("LOADING Redis is loading") : undefined);
      refused(drive(redis, setPolicy(context(), policy)), code, words);
      equal(redis.dump(), "");
    });
  }
});
