import { deleteRuntime, divtypeOfModule, parserOfModule, setRuntime } from "../../src/dygateway/core/store/runtime_changes.ts";
import { decodeRuntime, listHostnames, readRuntime, readRuntimes, runtimesUsing } from "../../src/dygateway/core/store/runtime_reads.ts";
import { errorReply, nilReply } from "../../src/dygateway/core/store/command.ts";
import { globLiteral, storeKeys } from "../../src/dygateway/core/store/keys.ts";
import { levelNames, MAX_LEVELS } from "../../src/dygateway/core/runtime/levels.ts";
import { defined, contains, equal } from "../support/assert.ts";
import { addGroup, addPolicy, addRuntime, context, keys, namedPolicy, ofGroup, ofPolicy, suffixPolicy } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis, globMatches } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { noForeign } from "./support/policies.ts";
import { refused, valueOf } from "./support/results.ts";

const tenLevels = `{${levelNames.map((_, i) => `"${i + 1}":${suffixPolicy}`).join(",")}}`;

function runtimeKeys(redis: FakeRedis): string[] {
  return redis
    .dump()
    .split("\n")
    .filter((line) => line.indexOf("ab:test:runtimeInfo:") === 0);
}

describe("setting a runtime", () => {
  it("writes the contract's keys for a policy", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    addRuntime(redis, "api.weibo.cn", ofPolicy("0"));
    equal(runtimeKeys(redis), [
      "ab:test:runtimeInfo:api.weibo.cn:divsteps = string 1|||",
      "ab:test:runtimeInfo:api.weibo.cn:first:divDataKey = string ab:test:policies:0:divdata|||",
      "ab:test:runtimeInfo:api.weibo.cn:first:divModulename = string abtesting.diversion.uidsuffix|||",
      "ab:test:runtimeInfo:api.weibo.cn:first:userInfoModulename = string abtesting.userinfo.uidParser|||",
    ]);
    contains(redis.dump(), "action runtime_set what hostname api.weibo.cn before  after policies 0 (1 levels) hostnames api.weibo.cn policyids ");
    equal(redis.run(["GET", keys.revision]), "2");
  });

  it("names ten levels of a group as stored data does", () => {
    const redis = fakeRedis();
    addGroup(redis, tenLevels);
    addRuntime(redis, "h", ofGroup("0"));
    equal(redis.run(["GET", keys.divsteps("h")]), "10");
    const names = ["first", "second", "third", "forth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    equal([levelNames.length, MAX_LEVELS], [10, 10]);
    for (let level = 0; level < 10; level++) {
      equal(redis.run(["GET", `ab:test:runtimeInfo:h:${names[level] ?? ""}:divDataKey`]), `ab:test:policies:${level}:divdata`);
    }
  });

  it("replaces the old runtime whole: no level of it is left", () => {
    const redis = fakeRedis();
    addGroup(redis, tenLevels);
    addRuntime(redis, "h", ofGroup("0"));
    addRuntime(redis, "h", ofGroup("0", 2));
    equal(runtimeKeys(redis).length, 1 + 2 * 3);
    equal(redis.run(["GET", keys.divsteps("h")]), "2");
    contains(redis.dump(), "before policies 0,1,2,3,4,5,6,7,8,9 (10 levels) after policies 0,1 (2 levels)");
    addRuntime(redis, "h", ofPolicy("7"));
    equal(redis.run(["GET", keys.level("h", 0, "divDataKey")]), keys.divdata("7"));
    equal(runtimeKeys(redis).length, 1 + 3);
  });

  it("takes policies and groups by name", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${namedPolicy("n")},"name":"g"}`);
    addRuntime(redis, "a", { kind: "policy", target: { name: "n" } });
    addRuntime(redis, "b", { kind: "policygroup", target: { name: "g" }, divsteps: 1 });
    equal(redis.run(["GET", keys.level("a", 0, "divDataKey")]), keys.divdata("1"));
    equal(redis.run(["GET", keys.level("b", 0, "divDataKey")]), keys.divdata("0"));
  });

  const refusals: readonly (readonly [name: string, target: ReturnType<typeof ofPolicy>, code: number, words: string])[] = [
    ["a policy that is not there", ofPolicy("9"), 50401, "policy NO.9"],
    ["a policy without data", ofPolicy("2"), 50401, "policy NO.2"],
    ["a policy of an unknown type", ofPolicy("3"), 50403, "divtype 'mystery' is neither built in nor registered"],
    ["a name that nobody has", { kind: "policy", target: { name: "x" } }, 50104, "no policy named 'x'"],
    ["a group that is not there", ofGroup("9"), 50104, "there is no policy group 9"],
    ["a group's name that nobody has", { kind: "policygroup", target: { name: "x" }, divsteps: 1 }, 50104, "no policygroup named 'x'"],
    ["more steps than the group has levels", ofGroup("0", 3), 50104, "3 steps asked, the group has 2 levels"],
    ["a group with a policy that is gone", ofGroup("1"), 50401, "policy NO.77"],
    ["a key that is no group", ofGroup("2"), 40101, "WRONGTYPE"],
  ];

  for (const [name, target, code, words] of refusals) {
    it(`is refused for ${name}, and the old one stays as it was`, () => {
      const redis = fakeRedis();
      addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy}}`);
      byHand(redis, [
        "SET ab:test:policies:2:divtype uidsuffix",
        "SET ab:test:policies:3:divtype mystery",
        "HSET ab:test:policies:3:divdata a b",
        "RPUSH ab:test:policygroups:1 0 77",
        "SET ab:test:policygroups:2 x",
      ]);
      addRuntime(redis, "h", ofGroup("0"));
      const before = redis.dump();
      refused(drive(redis, setRuntime(context(), "h", target, noForeign)), code, words);
      equal(redis.dump(), before);
    });
  }

  it("starts again when the policy is deleted or the group changed meanwhile", () => {
    for (const command of ["UNLINK ab:test:policies:0:divtype", "UNLINK ab:test:policies:1:divdata", "RPUSH ab:test:policygroups:0 0", "SET ab:test:runtimeInfo:h:divsteps 1"]) {
      const redis = fakeRedis();
      addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy}}`);
      let steps = 0;
      drive(redis, setRuntime(context(), "h", ofGroup("0"), noForeign), () => {
        steps++;
      });
      redis.watchBroken();
      const change = setRuntime(context(), "h", ofGroup("0"), noForeign);
      const interfered = commit(redis, change, (step) => {
        if (step === steps) {
          byHand(redis, [command]);
        }
      });
      equal(interfered, undefined, command);
    }
  });

  it("is refused where the store is behind what this node has in force", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    const before = redis.dump();
    const change = setRuntime(context("n2", 5), "h", ofPolicy("0"), noForeign);
    refused(drive(redis, change), 40101, "the store has lost data (its revision is 1, this node is at 5)");
    equal(redis.dump(), before);
  });

  for (const revision of ["x", "-3", "1.5", "99999999999999999999"]) {
    it(`is refused where the revision is ${revision}`, () => {
      const redis = fakeRedis();
      byHand(redis, [`SET ab:test:revision ${revision}`]);
      refused(drive(redis, deleteRuntime(context(), "h")), 40101, "ab:test:revision is not a number");
    });
  }

  it("is refused where the audit stream is something else", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    byHand(redis, ["UNLINK ab:test:audit", "SET ab:test:audit x"]);
    refused(drive(redis, setRuntime(context(), "h", ofPolicy("0"), noForeign)), 40101, "not the audit stream it should be: WRONGTYPE");
  });

  it("goes on behind an audit stream that is ahead of the revision", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    byHand(redis, ["XADD ab:test:audit MAXLEN ~ 10 40-0 nonce other"]);
    addRuntime(redis, "h", ofPolicy("0"));
    equal(redis.run(["GET", keys.revision]), "41");
  });
});

describe("deleting a runtime", () => {
  it("takes all of it, and is a success where there is none", () => {
    const redis = fakeRedis();
    addPolicy(redis, suffixPolicy);
    addRuntime(redis, "h", ofPolicy("0"));
    addRuntime(redis, "h2", ofPolicy("0"));
    equal(commit(redis, deleteRuntime(context(), "h"))?.revision, 4);
    equal(runtimeKeys(redis).length, 4);
    contains(redis.dump(), "action runtime_del what hostname h before policies 0 (1 levels) after  hostnames h policyids ");
    equal(commit(redis, deleteRuntime(context(), "h"))?.commands.length, 0);
  });

  it("takes the rest of one that somebody deleted in part, and of one that is broken", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:runtimeInfo:h:tenth:divDataKey x", "SET ab:test:runtimeInfo:b:divsteps many"]);
    commit(redis, deleteRuntime(context(), "h"));
    commit(redis, deleteRuntime(context(), "b"));
    equal(runtimeKeys(redis), []);
  });
});

describe("reading runtimes", () => {
  it("refuses a number of levels that cannot be", () => {
    for (const divsteps of ["11", "-1", "x", "1.5", "", "1e0", " 1"]) {
      refused(decodeRuntime("h", [divsteps]), 40103, `divsteps is '${divsteps}'`);
    }
    refused(decodeRuntime("h", errorReply("LOADING")), 40101, "LOADING");
    equal(valueOf(decodeRuntime("h", [nilReply])), undefined);
  });

  it("leaves the fields of a level empty that are missing", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:runtimeInfo:h:divsteps 2", "SET ab:test:runtimeInfo:h:second:divDataKey k"]);
    equal(valueOf(drive(redis, readRuntime(keys, "h"))), {
      hostname: "h",
      divsteps: 2,
      levels: [
        { divModulename: "", divDataKey: "", userInfoModulename: "" },
        { divModulename: "", divDataKey: "k", userInfoModulename: "" },
      ],
    });
  });

  it("reads many as it reads each, and most of them in one small command", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy},"3":${suffixPolicy}}`);
    addRuntime(redis, "one", ofPolicy("0"));
    addRuntime(redis, "three", ofGroup("0"));
    byHand(redis, ["SET ab:test:runtimeInfo:bad:divsteps 1e1", "SET ab:test:runtimeInfo:far:divsteps 99"]);
    const hostnames = ["three", "bad", "none", "one", "far"];
    const before = redis.log.length;
    const read = drive(redis, readRuntimes(keys, hostnames));
    equal(redis.log.slice(before).map((command) => command.length), [5, 5, 5, 5, 5, 32, 32, 32]);
    equal(read, hostnames.map((hostname) => drive(redis, readRuntime(keys, hostname))));
    equal(valueOf(defined(read[0], "the first"))?.levels.length, 3);
  });

  it("finds every hostname once, whatever it is called, under its own prefix only", () => {
    const redis = fakeRedis();
    for (const key of ["ab:test:runtimeInfo:b:divsteps", "ab:test:runtimeInfo:a:b:c:divsteps", "ab:test:runtimeInfo:*.x:divsteps", "ab:test2:runtimeInfo:no:divsteps", "xab:test:runtimeInfo:no:divsteps", "ab:test:runtimeInfo:no:first:divDataKey"]) {
      byHand(redis, [`SET ${key} 1`]);
    }
    equal(valueOf(drive(redis, listHostnames(keys))), ["*.x", "a:b:c", "b"]);
    byHand(redis, ["SET a*:runtimeInfo:yes:divsteps 1", "SET ax:runtimeInfo:no:divsteps 1"]);
    equal(valueOf(drive(redis, listHostnames(storeKeys("a*")))), ["yes"]);
    byHand(redis, ["SET a\\b:runtimeInfo:back:divsteps 1"]);
    equal(valueOf(drive(redis, listHostnames(storeKeys("a\\b")))), ["back"]);
    redis.fault = (command) => (command[0] === "SCAN" ? errorReply("NOPERM") : undefined);
    refused(drive(redis, listHostnames(keys)), 40101, "NOPERM");
  });

  it("finds who uses a policy, among many", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy},"3":${suffixPolicy}}`);
    for (let i = 0; i < 120; i++) {
      addRuntime(redis, `h${1000 + i}`, i === 77 ? ofGroup("0") : ofPolicy("0"));
    }
    equal(valueOf(drive(redis, runtimesUsing(keys, ["1", "2"]))), [{ hostname: "h1077", policyIds: ["1", "2"] }]);
    equal(valueOf(drive(redis, runtimesUsing(keys, ["0"]))).length, 120);
    equal(valueOf(drive(redis, runtimesUsing(keys, ["9"]))), []);
  });
});

describe("stored names", () => {
  it("of modules may only lie in their own folder", () => {
    equal([divtypeOfModule("abtesting.diversion.uidrange"), parserOfModule("abtesting.userinfo.my_Parser2")], ["uidrange", "my_Parser2"]);
    for (const name of ["", "uidrange", "abtesting.diversion.", "abtesting.diversion.a.b", "abtesting.diversion.../x", "abtesting.diversion.a/b", "xabtesting.diversion.a", "abtesting.userinfo.a", "abtesting.diversion.a\u0000"]) {
      equal(divtypeOfModule(name), undefined, name);
    }
    equal(parserOfModule("abtesting.diversion.uidrange"), undefined);
  });

  it("of keys lead back to the hostname and the policy", () => {
    for (const hostname of ["api.weibo.cn", "a:b", "h:divsteps", "first", "a:first:b", "中"]) {
      for (const key of keys.runtime(hostname)) {
        equal(keys.hostnameOf(key), hostname, key);
      }
    }
    equal(keys.runtime("h").length, 31);
    for (const key of ["", "ab:test:runtimeInfo", "ab:test:runtimeInfo:h", "ab:test:runtimeInfo:h:first", "ab:test:runtimeInfo:h:eleventh:divDataKey", "ab:test:policies:0:divsteps", "x:ab:test:runtimeInfo:h:divsteps"]) {
      equal(keys.hostnameOf(key), undefined, key);
    }
    equal([keys.policyIdOf("ab:test:policies:12:divdata"), keys.policyIdOf(keys.policyMeta("7")), keys.policyIdOf(keys.divdataIpv6("0"))], ["12", "7", "0"]);
    for (const key of ["ab:test:policies:idCount", "ab:test:policygroups:1:meta", "ab:test:policies", "ab:policies:0:divdata", ""]) {
      equal(keys.policyIdOf(key), undefined, key);
    }
  });

  it("are taken literally by SCAN", () => {
    equal(globLiteral("ab:test"), "ab:test");
    equal(globLiteral("a*b?c[d]e\\f"), "a\\*b\\?c\\[d\\]e\\\\f");
    equal([globMatches(globLiteral("a*"), "a*"), globMatches(globLiteral("a*"), "ab")], [true, false]);
  });
});
