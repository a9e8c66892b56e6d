import { setPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { errorReply } from "../../src/dygateway/core/store/command.ts";
import { loadManyRules, loadRules, MAX_FIELD_LENGTH } from "../../src/dygateway/core/store/load_rules.ts";
import type { LoadedRules, RulesSink } from "../../src/dygateway/core/store/load_rules.ts";
import { listGroups, listPolicies, readPolicy } from "../../src/dygateway/core/store/policy_reads.ts";
import type { ListedPolicy, Page } from "../../src/dygateway/core/store/policy_reads.ts";
import { readGroup, readPolicyByTarget } from "../../src/dygateway/core/store/target_reads.ts";
import type { Result } from "../../src/dygateway/core/result.ts";
import { defined, equal, isTrue } from "../support/assert.ts";
import { addGroup, addPolicy, context, keys, namedPolicy, suffixPolicy } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { textsOfRules } from "../cases/stored_texts.ts";
import { checkText, compileStored } from "./support/policies.ts";
import { request } from "./support/requests.ts";
import { refused, valueOf } from "./support/results.ts";

/** A policy of `count` stored pairs. */
function largePolicy(divtype: string, count: number): string {
  const rules: string[] = [];
  for (let i = 0; i < count; i++) {
    if (divtype === "uidappoint") {
      rules.push(`"u${i}"`);
    } else if (divtype === "header") {
      rules.push(`{"name":"X-Env","value":"v${i}","upstream":"u${i % 7}"}`);
    } else if (i % 2 === 0) {
      rules.push(`{"range":{"start":${i * 5},"end":${i * 5 + 3}},"upstream":"u${i % 7}"}`);
    }
  }
  const divdata = divtype === "uidappoint" ? `[{"uidset":[${rules.join(",")}],"upstream":"a"}]` : `[${rules.join(",")}]`;
  return `{"divtype":"${divtype}","divdata":${divdata}}`;
}

interface Loaded {
  readonly divdata: string[];
  readonly ipv6: string[];
  readonly result: Result<LoadedRules>;
}

interface Collected {
  readonly divdata: string[];
  readonly ipv6: string[];
  readonly sink: RulesSink;
}

function collected(): Collected {
  const divdata: string[] = [];
  const ipv6: string[] = [];
  const sink = {
    divdata: (first: string, second: string): void => void divdata.push(first, second),
    ipv6: (first: string, second: string): void => void ipv6.push(first, second),
  };
  return { divdata, ipv6, sink };
}

/** Reads the rules alone and among others, which must come to the same. */
function load(redis: FakeRedis, key: string): Loaded {
  const { divdata, ipv6, sink } = collected();
  const result = drive(redis, loadRules(key, sink));
  const many = ["no:divdata", key, "none:divdata", key].map((one) => ({ key: one, ...collected() }));
  const results = drive(redis, loadManyRules(many.map((one) => one.key), many.map((one) => one.sink)));
  equal(results.length, many.length);
  for (const [i, one] of many.entries()) {
    equal([one.divdata, one.ipv6, results[i]], one.key === key ? [divdata, ipv6, result] : [[], [], drive(redis, loadRules(one.key, one.sink))]);
  }
  return { divdata, ipv6, result };
}

describe("a large policy", () => {
  for (const divtype of ["uidappoint", "uidrange", "header"]) {
    it(`of ${divtype} is staged aside, put in place by one RENAME and read back in pages`, () => {
      const redis = fakeRedis();
      const policy = valueOf(checkText(largePolicy(divtype, 6000)));
      let longest = 0;
      const transaction = valueOf(drive(redis, setPolicy(context(), policy), () => {}));
      for (const command of redis.log) {
        longest = Math.max(longest, command.length);
      }
      isTrue(longest <= 1002, `a command has ${longest} words`);
      isTrue(transaction.commands.length <= 12, `the transaction has ${transaction.commands.length} commands`);
      equal(redis.run(["EXISTS", keys.divdata("0")]), 0);
      isTrue(redis.dump().indexOf(`${keys.staging("n1:0")} = ${divtype === "uidappoint" ? "hash" : divtype === "header" ? "list" : "zset"} (expires)`) >= 0, "the staged key does not expire");
      for (const command of transaction.commands) {
        redis.run(command);
      }
      equal(redis.run(["EXISTS", keys.staging("n1:0")]), 0);
      isTrue(redis.dump().indexOf("(expires)") < 0, "the policy expires");
      const { divdata, result } = load(redis, keys.divdata("0"));
      equal(valueOf(result).entries, 6000);
      const stored = policy.rules.kind === "builtin" ? textsOfRules(policy.rules.rules) : undefined;
      // A hash comes in an order of its own, some of its fields twice.
      isTrue(divtype === "uidappoint" ? divdata.length >= 12000 : divdata.length === 12000, `${divdata.length} texts`);
      if (divtype !== "uidappoint") {
        equal(divdata, stored?.divdata);
      }
      const matcher = valueOf(compileStored(divtype, { divdata, ipv6: [] }));
      const userinfo = divtype === "uidappoint" ? "u5999" : "29993";
      const last = matcher.match(userinfo, request(["http_x_env", "v5999"]));
      equal(last, divtype === "uidappoint" ? "a" : divtype === "uidrange" ? "u6" : "u0");
    });

    it(`of ${divtype} that was staged already is not sent again when the change starts again`, () => {
      const redis = fakeRedis();
      const policy = valueOf(checkText(largePolicy(divtype, 6000)));
      equal(commit(redis, setPolicy(context(), policy), (step) => byHand(redis, step === 3 ? ["SET ab:test:revision 7"] : [])), undefined);
      const sent = redis.log.length;
      const again = defined(commit(redis, setPolicy(context(), policy)), "the transaction");
      equal(again.answer.policyId, "0");
      const writes = redis.log.slice(sent).filter(([name, key]) => key === keys.staging("n1:0") && (name === "HSET" || name === "ZADD" || name === "RPUSH"));
      equal(writes, []);
      equal(valueOf(load(redis, keys.divdata("0")).result).entries, 6000);
    });

    it(`of ${divtype} that was staged in part is completed when the change starts again`, () => {
      const redis = fakeRedis();
      const policy = valueOf(checkText(largePolicy(divtype, 6000)));
      const work = setPolicy(context(), policy);
      let step = work.next();
      for (let i = 0; i < 5 && step.done !== true; i++) {
        step = work.next(step.value.map((command) => redis.run(command)));
      }
      redis.watchBroken();
      isTrue(redis.run(["EXISTS", keys.staging("n1:0")]) === 1, "nothing was staged yet");
      defined(commit(redis, setPolicy(context(), policy)), "the transaction");
      equal(valueOf(load(redis, keys.divdata("0")).result).entries, 6000);
    });
  }

  it("leaves nothing behind when the store refuses a part of it", () => {
    const redis = fakeRedis();
    const policy = valueOf(checkText(largePolicy("uidappoint", 6000)));
    let writes = 0;
    redis.fault = ([name]) => {
      writes += name === "HSET" ? 1 : 0;
      return name === "HSET" && writes === 7 ? errorReply("OOM command not allowed when used memory > 'maxmemory'") : undefined;
    };
    refused(drive(redis, setPolicy(context(), policy)), 40101, "OOM command not allowed");
    equal(redis.dump(), "");
  });

  it("is refused when a part of it was lost without a word", () => {
    const redis = fakeRedis();
    const policy = valueOf(checkText(largePolicy("uidappoint", 6000)));
    let writes = 0;
    redis.fault = ([name]) => {
      writes += name === "HSET" ? 1 : 0;
      return name === "HSET" && writes === 7 ? 0 : undefined;
    };
    refused(drive(redis, setPolicy(context(), policy)), 40101, "holds less than was written to it");
  });

  it("of 5,000 pairs is not staged", () => {
    const redis = fakeRedis();
    addPolicy(redis, largePolicy("uidappoint", 5000));
    equal(redis.log.some(([, key]) => key === keys.staging("n1:0")), false);
    equal(redis.run(["HLEN", keys.divdata("0")]), 5000);
  });
});

describe("loading the rules of a level", () => {
  it("takes IPv6 ranges, userinfo and salt from beside them", () => {
    const redis = fakeRedis();
    addPolicy(redis, '{"divtype":"iprange","divdata":[{"range":"::2","upstream":"b"},{"range":"::1","upstream":"a"}],"userinfo":"header:X-Ip","name":"n"}');
    const { divdata, ipv6, result } = load(redis, keys.divdata("0"));
    equal(valueOf(result), { storage: "zset", entries: 0, ipv6Entries: 2, meta: { name: "n", userinfo: "header:X-Ip" } });
    equal([divdata.length, ipv6.length, ipv6[1]], [0, 4, "0"]);
  });

  it("takes what the predecessor wrote, under any key that ends in divdata", () => {
    const redis = fakeRedis();
    byHand(redis, ["HSET old:divdata 1 beta1", "ZADD r 1110.7 0:a 2222.3000000000002 1:a"]);
    equal(load(redis, "old:divdata").divdata, ["1", "beta1"]);
    equal(load(redis, "r").divdata, ["0:a", "1110.7", "1:a", "2222.3000000000002"]);
  });

  it("counts a list's rules, not its elements", () => {
    const redis = fakeRedis();
    byHand(redis, ["RPUSH l:divdata a:b u a:c v"]);
    equal(valueOf(load(redis, "l:divdata").result).entries, 2);
  });

  for (const [name, commands, words] of [
    ["nothing", [], "there is no data"],
    ["a text", ["SET k:divdata x"], "a hash, sorted set or list is expected, it is a string"],
    ["meta that is no hash", ["HSET k:divdata a b", "SET k:meta x"], "k:meta: WRONGTYPE"],
    ["IPv6 ranges that are no sorted set", ["HSET k:divdata a b", "SET k:divdata_ipv6 x"], "k:divdata_ipv6 is no sorted set"],
  ] as const) {
    it(`is refused with ${name} there`, () => {
      const redis = fakeRedis();
      byHand(redis, commands);
      refused(load(redis, "k:divdata").result, 40102, words);
    });
  }

  /** How many commands each pipeline has. */
  function pipelinesOf(redis: FakeRedis, many: readonly string[], sinks: readonly Collected[]): number[] {
    const work = loadManyRules(many, sinks.map(({ sink }) => sink));
    let step = work.next();
    const sizes: number[] = [];
    while (step.done !== true) {
      sizes.push(step.value.length);
      step = work.next(step.value.map((command) => redis.run(command)));
    }
    return sizes;
  }

  it("of many small policies takes three pipelines", () => {
    const redis = fakeRedis();
    const many: string[] = [];
    for (let i = 0; i < 30; i++) {
      byHand(redis, [`HSET p${i}:divdata ${i} u${i}`]);
      many.push(`p${i}:divdata`);
    }
    const sinks = many.map(() => collected());
    equal(pipelinesOf(redis, many, sinks), [90, 30, 60]);
    equal(sinks.map(({ divdata }) => divdata), many.map((_, i) => [`${i}`, `u${i}`]));
  });

  it("of many is never more than a few thousand pairs in one pipeline", () => {
    const redis = fakeRedis();
    const sizes = [400, 400, 400, 400, 400, 1, 500, 0, 501, 1501, 501, 501, 501, 1600];
    const many = sizes.map((_, i) => `p${i}:divdata`);
    for (const [i, size] of sizes.entries()) {
      for (let n = 0; n < size; n++) {
        redis.run(["HSET", `p${i}:divdata`, `${n}`, "u"]);
      }
    }
    const sinks = many.map(() => collected());
    const pipelines = pipelinesOf(redis, many, sinks);
    // Their heads, their counts, 2000 pairs, 501 pairs; then four at once of those that are larger or not there.
    equal(pipelines.slice(0, 5), [42, 13, 10, 4, 3]);
    // A scan may tell of a field twice.
    equal(sinks.map(({ divdata }) => new Set(divdata.filter((_, i) => i % 2 === 0)).size), sizes);
  });

  it("is refused with a monstrous field", () => {
    const redis = fakeRedis();
    redis.run(["HSET", "k:divdata", "a".repeat(MAX_FIELD_LENGTH + 1), "b"]);
    const { divdata, result } = load(redis, "k:divdata");
    refused(result, 40102, "an entry longer than 65536 bytes");
    equal(divdata, []);
  });

  it("is refused when the store fails in the middle", () => {
    for (const name of ["TYPE", "HLEN", "HGETALL"]) {
      const redis = fakeRedis();
      byHand(redis, ["HSET k:divdata a b"]);
      redis.fault = (command) => (command[0] === name ? errorReply("LOADING") : undefined);
      refused(load(redis, "k:divdata").result, 40102, "LOADING");
    }
  });
});

describe("reading policies and groups", () => {
  it("gives a policy as it is stored, and nothing where there is none", () => {
    const redis = fakeRedis();
    addPolicy(redis, namedPolicy("n"));
    const meta = { name: "n", userinfo: undefined, salt: undefined };
    const expected = { divtype: "url", storage: "hash", pairs: ["/a", "beta2"], ipv6: [], meta };
    equal(valueOf(drive(redis, readPolicy(keys, "0"))), expected);
    equal(valueOf(drive(redis, readPolicyByTarget(keys, { name: "n" }))), expected);
    equal(valueOf(drive(redis, readPolicyByTarget(keys, { id: "5" }))), undefined);
    refused(drive(redis, readPolicyByTarget(keys, { name: "x" })), 50104, "no policy named 'x'");
  });

  it("gives each uid of a large policy once", () => {
    const redis = fakeRedis();
    addPolicy(redis, largePolicy("uidappoint", 1200));
    equal(valueOf(drive(redis, readPolicy(keys, "0")))?.pairs.length, 2400);
  });

  it("says which policy is broken", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:policies:4:divtype url", "SET ab:test:policies:4:divdata x", "HSET ab:test:policies:5:divtype a b"]);
    refused(drive(redis, readPolicy(keys, "4")), 40102, "policy NO.4");
    refused(drive(redis, readPolicy(keys, "5")), 40102, "policy NO.5");
  });

  it("gives a group and its name", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy},"name":"g"}`);
    const expected = { id: "0", policyIds: ["0", "1"], name: "g" };
    equal(valueOf(drive(redis, readGroup(keys, { id: "0" }))), expected);
    equal(valueOf(drive(redis, readGroup(keys, { name: "g" }))), expected);
    equal(valueOf(drive(redis, readGroup(keys, { id: "8" }))), { id: "8", policyIds: [], name: undefined });
    byHand(redis, ["SET ab:test:policygroups:3 x"]);
    refused(drive(redis, readGroup(keys, { id: "3" })), 40102, "policy group NO.3: WRONGTYPE");
  });

  it("lists policies in pages that meet without a gap", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"2":${namedPolicy("n")},"3":${suffixPolicy}}`);
    byHand(redis, ["UNLINK ab:test:policies:2:divtype", "SET ab:test:policies:idCount 449", "SET ab:test:policies:449:divtype header", "RPUSH ab:test:policies:449:divdata a:b u a:c u"]);
    const seen: string[] = [];
    let from: number | undefined = 0;
    while (from !== undefined) {
      const page: Page<ListedPolicy> = valueOf(drive(redis, listPolicies(keys, from, 1)));
      equal(page.items.length, 1);
      for (const item of page.items) {
        seen.push(`${item.id} ${item.divtype} ${item.rules} ${item.meta.name ?? "-"}`);
      }
      from = page.next;
    }
    equal(seen, ["0 uidsuffix 1 -", "1 url 1 n", "449 header 2 -"]);
    equal(valueOf(drive(redis, listPolicies(keys, 450, 10))), { items: [], next: undefined });
    equal(valueOf(drive(fakeRedis(), listPolicies(keys, 0, 10))), { items: [], next: undefined });
  });

  it("lists groups that have policies", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy},"name":"g"}`);
    addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy}}`);
    byHand(redis, ["UNLINK ab:test:policygroups:0"]);
    equal(valueOf(drive(redis, listGroups(keys, 0, 10))), { items: [{ id: "1", policyIds: ["1", "2"], name: undefined }], next: undefined });
  });

  it("refuses to count up to a counter that was written to by accident", () => {
    const redis = fakeRedis();
    byHand(redis, ["SET ab:test:policies:idCount 1700000000000000000"]);
    const list = drive(redis, listPolicies(keys, 0, 10), (step) => isTrue(step < 100, "it never ends"));
    refused(list, 40101, "ab:test:policies:idCount");
  });
});
