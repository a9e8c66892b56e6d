import { setPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { errorReply } from "../../src/dygateway/core/store/command.ts";
import { loadManyRules, loadRules, MAX_FIELD_LENGTH } from "../../src/dygateway/core/store/load_rules.ts";
import type { LoadedRules, RulesSink } from "../../src/dygateway/core/store/load_rules.ts";
import type { Result } from "../../src/dygateway/core/result.ts";
import { defined, equal, isTrue } from "../support/assert.ts";
import { addPolicy, context, keys } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { textsOfRules } from "../cases/stored_texts.ts";
import { checkText, compileStored, largePolicy } from "./support/policies.ts";
import { request } from "./support/requests.ts";
import { refused, valueOf } from "./support/results.ts";

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
