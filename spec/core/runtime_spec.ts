import type { MatcherBuilder } from "../../src/dygateway/core/diversion/diversion_type.ts";
import { moduleMissing } from "../../src/dygateway/core/errors.ts";
import { failure, noPause, success } from "../../src/dygateway/core/result.ts";
import { compileManifest, compileMatcher } from "../../src/dygateway/core/runtime/compile.ts";
import type { ForeignParser } from "../../src/dygateway/core/runtime/compile.ts";
import type { Runtime } from "../../src/dygateway/core/runtime/decide.ts";
import { explain } from "../../src/dygateway/core/runtime/explain.ts";
import { explainAnswer } from "../../src/dygateway/core/admin/answers.ts";
import { parseJson } from "../../src/dygateway/core/json/parse.ts";
import { jsonNull } from "../../src/dygateway/core/json/value.ts";
import { checkPolicy } from "../../src/dygateway/core/policy/policy.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { levelManifest, manifestJson, runtimeManifest } from "../../src/dygateway/core/store/manifest.ts";
import type { LevelManifest, RuntimeManifest } from "../../src/dygateway/core/store/manifest.ts";
import { random } from "../cases/random.ts";
import { randomPolicy, randomRequest } from "../cases/random_policies.ts";
import { textsOfRules } from "../cases/stored_texts.ts";
import type { StoredTexts } from "../cases/stored_texts.ts";
import { contains, equal, isTrue } from "../support/assert.ts";
import { keys } from "./support/changes.ts";
import { noForeign, storedRules } from "./support/policies.ts";
import { emptyRequest, request } from "./support/requests.ts";

const noParser: ForeignParser = (name) => failure(moduleMissing(name, "there is none"));

const parserOf: Record<string, string> = { iprange: "ipParser", arg_city: "cityParser", url: "urlParser", header: "requestParser", cookie: "requestParser", arg: "requestParser" };
const storageOf: Record<string, "zset" | "list"> = { iprange: "zset", uidrange: "zset", percent: "zset", header: "list", cookie: "list", arg: "list" };

function levelOf(divtype: string, policyId: string, more: Partial<LevelManifest> = {}): LevelManifest {
  return {
    policyId,
    divModulename: `abtesting.diversion.${divtype}`,
    divDataKey: `ab:test:policies:${policyId}:divdata`,
    userInfoModulename: `abtesting.userinfo.${parserOf[divtype] ?? "uidParser"}`,
    storage: storageOf[divtype] ?? "hash",
    ...more,
  };
}

function feedOf(stored: StoredTexts): (this: void, builder: MatcherBuilder) => void {
  return (builder) => {
    for (let i = 0; i + 1 < stored.divdata.length; i += 2) {
      builder.addDivdata(stored.divdata[i] ?? "", stored.divdata[i + 1] ?? "");
    }
    for (let i = 0; i + 1 < stored.ipv6.length; i += 2) {
      builder.addIpv6(stored.ipv6[i] ?? "", stored.ipv6[i + 1] ?? "");
    }
  };
}

/** Compiles levels over stored rules, the rules of level 1 first. */
function compiled(levels: readonly LevelManifest[], stored: readonly StoredTexts[], parser: ForeignParser = noParser): Runtime {
  const manifest: RuntimeManifest = { hostname: "h", divsteps: levels.length, levels };
  return compileManifest(
    manifest,
    (level) => {
      const rules = stored[levels.indexOf(level)] ?? { divdata: [], ipv6: [] };
      const foreign = (divtype: string): ReturnType<typeof compileMatcher> =>
        success({ match: (userinfo) => (userinfo === "x" ? `${divtype}_up` : undefined), explain: () => ({ upstream: undefined, why: "foreign" }) });
      return compileMatcher(level, { count: (rules.divdata.length + rules.ipv6.length) / 2, feed: feedOf(rules), foreign });
    },
    parser,
  );
}

const suffix = storedRules("uidsuffix", '[{"suffix":"1","upstream":"beta1"},{"suffix":"3","upstream":"beta2"}]');
const city = storedRules("arg_city", '[{"city":"BJ","upstream":"beta3"}]');
const ips = storedRules("iprange", '[{"range":"10.0.0.0/8","upstream":"beta4"}]');
const three = compiled([levelOf("uidsuffix", "0"), levelOf("arg_city", "1"), levelOf("iprange", "2")], [suffix, city, ips]);

describe("a runtime", () => {
  it("lets the first level with a match decide", () => {
    const uid = ["http_x_uid", "31"];
    const bj = ["arg_city", "BJ"];
    equal(three.decide(request([...uid, ...bj], "10.1.1.1")), "beta1");
    equal(three.decide(request(["http_x_uid", "32", ...bj], "10.1.1.1")), "beta3");
    equal(three.decide(request(bj, "10.1.1.1")), "beta3");
    equal(three.decide(request(["http_x_uid", "bob", "arg_city", "SH"], "10.1.1.1")), "beta4");
    equal(three.decide(request(["http_x_uid", "32"], "11.1.1.1")), undefined);
    equal(three.decide(emptyRequest), undefined);
  });

  it("without levels decides nothing", () => {
    equal(compiled([], []).decide(request(["http_x_uid", "1"])), undefined);
  });

  it("takes userinfo and salt from where the policy says", () => {
    const device = compiled([levelOf("uidsuffix", "0", { userinfo: "header:X-Device-Id" })], [suffix]);
    equal([device.decide(request(["http_x_device_id", "1"])), device.decide(request(["http_x_uid", "1"])) ?? "-"], ["beta1", "-"]);
    const half = storedRules("percent", '[{"percent":50,"upstream":"a"}]');
    const salted = (salt: string): string => {
      const runtime = compiled([levelOf("percent", "0", { salt })], [half]);
      let answers = "";
      for (let user = 0; user < 64; user++) {
        answers += runtime.decide(request(["http_x_uid", `${user}`])) ?? "-";
      }
      return answers;
    };
    equal(salted("s1"), salted("s1"));
    isTrue(salted("s1") !== salted("s2"), "another salt draws the same users");
  });

  const broken: readonly (readonly [name: string, level: LevelManifest, words: string])[] = [
    ["a problem on record", levelOf("uidsuffix", "5", { problem: "policy in db error x" }), "policy in db error x"],
    ["no data", levelOf("uidsuffix", "5"), "there are no rules"],
    ["data of another type", levelOf("uidsuffix", "5", { storage: "zset" }), "ab:test:policies:5:divdata is a zset, uidsuffix needs a hash"],
    ["a module from elsewhere", levelOf("uidsuffix", "5", { divModulename: "os" }), "only modules of abtesting.diversion are loaded"],
    ["a parser from elsewhere", levelOf("uidsuffix", "5", { userInfoModulename: "os" }), "only modules of abtesting.userinfo are loaded"],
    ["a parser that is not there", levelOf("uidsuffix", "5", { userInfoModulename: "abtesting.userinfo.my" }), "my: there is none"],
    ["a userinfo source that is none", levelOf("uidsuffix", "5", { userinfo: "uid" }), "'uid' is none of"],
  ];

  for (const [name, level, words] of broken) {
    it(`skips a level with ${name} and uses the others`, () => {
      const runtime = compiled([level, levelOf("arg_city", "1")], [{ divdata: [], ipv6: [] }, city]);
      equal(runtime.decide(request(["http_x_uid", "1", "arg_city", "BJ"])), "beta3");
      equal([runtime.levels.length, runtime.broken.length, runtime.broken[0]?.number, runtime.broken[0]?.policyId], [1, 1, 1, "5"]);
      contains(runtime.broken[0]?.reason, words);
      const trace = explain(runtime, request(["arg_city", "BJ"]));
      equal(trace.levels.map((one) => one.number), [1, 2]);
      contains(trace.levels[0]?.why, `skipped: `);
      contains(trace.levels[0]?.why, words);
      equal([trace.decidedBy, trace.upstream], [2, "beta3"]);
    });
  }

  it("asks third-party modules and parsers", () => {
    const level = levelOf("my_city", "0", { userInfoModulename: "abtesting.userinfo.my_cityParser" });
    const runtime = compiled([level], [], (name) => success((facts) => (name === "my_cityParser" ? facts.variable("arg_town") : undefined)));
    equal([runtime.decide(request(["arg_town", "x"])), runtime.decide(request(["arg_town", "y"])) ?? "-"], ["my_city_up", "-"]);
  });

  it("that is broken as a whole decides nothing and says why", () => {
    const runtime = compileManifest({ hostname: "h", divsteps: 0, levels: [], problem: "divsteps is 'x'" }, () => failure(moduleMissing("", "")), noParser);
    equal(runtime.decide(request(["http_x_uid", "1"])), undefined);
    contains(explain(runtime, emptyRequest).levels[0]?.why, "divsteps is 'x'");
  });
});

describe("an explanation of a request", () => {
  it("goes through every level with its userinfo and a reason, also behind the one that decides", () => {
    const trace = explain(three, request(["http_x_uid", "31", "arg_city", "SH"], "10.1.1.1"));
    equal([trace.upstream, trace.decidedBy], ["beta1", 1]);
    equal(
      trace.levels.map((level) => `${level.number} ${level.policyId} ${level.divtype} ${level.source} ${level.userinfo ?? "-"} ${level.upstream ?? "-"}: ${level.why}`),
      [
        "1 0 uidsuffix header:X-Uid 31 beta1: suffix '1'",
        "2 1 arg_city arg:city SH -: no rule for city 'SH'",
        "3 2 iprange ip 10.1.1.1 beta4: range 10.0.0.0-10.255.255.255",
      ],
    );
    contains(explain(three, emptyRequest).levels[0]?.why, "header:X-Uid has no value in the request");
  });

  it("says the same as the decision, for random policies and requests", () => {
    const dice = random(77);
    let decided = 0;
    for (let round = 0; round < 300; round++) {
      const levels: LevelManifest[] = [];
      const rules: StoredTexts[] = [];
      for (let number = 0; number < 4; number++) {
        const { divtype, text, salt } = randomPolicy(dice);
        const parsed = parseJson(text, noPause);
        const checked = checkPolicy(parsed.ok ? parsed.value : jsonNull, noForeign, noPause);
        if (checked.ok && checked.value.rules.kind === "builtin") {
          levels.push(levelOf(checked.value.divtype, `${number}`, salt === undefined || divtype !== "percent" ? {} : { salt }));
          rules.push(textsOfRules(checked.value.rules.rules));
        }
      }
      const runtime = compiled(levels, rules);
      equal([runtime.levels.length, runtime.broken.length], [levels.length, 0]);
      for (let i = 0; i < 20; i++) {
        const { variables, address } = randomRequest(dice);
        const facts = request(variables, address);
        const trace = explain(runtime, facts);
        const upstream = runtime.decide(facts);
        equal(trace.upstream, upstream);
        equal(trace.levels.find((level) => level.number === trace.decidedBy)?.upstream, upstream);
        decided += upstream === undefined ? 0 : 1;
      }
    }
    isTrue(decided > 1000 && decided < 5900, `${decided} of 6,000 requests were decided: the cases test too little`);
  });

  it("is answered as JSON, null for the location's own default", () => {
    const text = printJson(explainAnswer("h", explain(three, request(["http_x_uid", "2"]))), noPause);
    contains(text, '{"hostname":"h","upstream":null,"why":"no level matches: the location');
    contains(text, '{"level":1,"policyid":0,"divtype":"uidsuffix","source":"header:X-Uid","userinfo":"2","upstream":null,"why":"no rule for a suffix of \'2\'"}');
    contains(printJson(explainAnswer("h", explain(three, request(["http_x_uid", "1"]))), noPause), '"upstream":"beta1","why":"level 1"');
    contains(printJson(explainAnswer("x", undefined), noPause), '"upstream":null,"why":"no runtime is in force for \'x\'');
  });
});

describe("a manifest", () => {
  const stored = { divModulename: "abtesting.diversion.uidsuffix", divDataKey: "ab:test:policies:7:divdata", userInfoModulename: "abtesting.userinfo.uidParser" };
  const meta = { name: "n", userinfo: "ip", salt: undefined };

  it("holds what was read of a level", () => {
    const level = levelManifest(keys, stored, { storage: "hash", entries: 1, ipv6Entries: 0, meta }, undefined);
    equal(level, { policyId: "7", ...stored, storage: "hash", userinfo: "ip" });
    equal(levelManifest(keys, { ...stored, divDataKey: "elsewhere" }, undefined, "why"), { policyId: "", ...stored, divDataKey: "elsewhere", problem: "why" });
    contains(levelManifest(keys, { ...stored, divDataKey: "" }, undefined, "why").problem, "divDataKey or userInfoModulename is missing");
    contains(levelManifest(keys, stored, undefined, undefined).problem, "were not read");
  });

  it("of a runtime that cannot be read says why; of none there is none", () => {
    equal(runtimeManifest("h", success(undefined), (level) => levelManifest(keys, level, undefined, "x")), undefined);
    equal(runtimeManifest("h", failure(moduleMissing("m", "r")), (level) => levelManifest(keys, level, undefined, "x")), {
      hostname: "h",
      divsteps: 0,
      levels: [],
      problem: "no required module for m: r",
    });
    const made = runtimeManifest("h", success({ hostname: "h", divsteps: 1, levels: [stored] }), (level) => levelManifest(keys, level, undefined, "x"));
    equal(made, { hostname: "h", divsteps: 1, levels: [{ policyId: "7", ...stored, problem: "x" }] });
  });

  it("is the same text for the same content, in a fixed order and without what is not there", () => {
    const rules = { digest: "d", entries: 2, blob: "b", ipv6Entries: 0, chunks: 1, ipv6Chunks: 0 };
    const manifest = { levels: [{ rules, ...stored, policyId: "7", storage: "hash" as const }], divsteps: 1, hostname: "h" };
    equal(
      printJson(manifestJson(manifest), noPause),
      '{"hostname":"h","divsteps":1,"levels":[{"policyId":"7","divModulename":"abtesting.diversion.uidsuffix",' +
        '"divDataKey":"ab:test:policies:7:divdata","userInfoModulename":"abtesting.userinfo.uidParser","storage":"hash",' +
        '"rules":{"blob":"b","chunks":1,"ipv6Chunks":0,"digest":"d","entries":2,"ipv6Entries":0}}]}',
    );
    equal(printJson(manifestJson({ hostname: "h", divsteps: 0, levels: [], problem: "p" }), noPause), '{"hostname":"h","divsteps":0,"levels":[],"problem":"p"}');
  });
});
