import { equalInConstantTime, refuseAdminRequest } from "../../src/dygateway/core/admin/access.ts";
import type { AdminRequestHeaders } from "../../src/dygateway/core/admin/access.ts";
import { errorAnswer, policyAnswer, runtimeAnswer, successAnswer } from "../../src/dygateway/core/admin/answers.ts";
import { groupTarget, hostnameOf, isForced, pageOf, policyTarget, runtimeTarget } from "../../src/dygateway/core/admin/parameters.ts";
import type { Parameters } from "../../src/dygateway/core/admin/parameters.ts";
import type { JsonObject } from "../../src/dygateway/core/json/value.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { AdminSettings } from "../../src/dygateway/core/settings.ts";
import { contains, equal } from "../support/assert.ts";
import { refused, valueOf } from "./support/results.ts";

const open: AdminSettings = { hosts: ["127.0.0.1", "localhost", "[::1]", "GW.example"], token: "", maxBodyBytes: 1 };
const guarded: AdminSettings = { ...open, token: "s3cret" };

interface AccessCase {
  readonly name: string;
  readonly headers: Partial<AdminRequestHeaders>;
  /** 0 where the request is let in. */
  readonly code: number;
  readonly words?: string;
  readonly settings?: AdminSettings;
}

const own = "127.0.0.1:8080";

const accessCases: readonly AccessCase[] = [
  { name: "its own host", headers: { host: own }, code: 0 },
  { name: "its own host without a port", headers: { host: "localhost" }, code: 0 },
  { name: "its own host in IPv6", headers: { host: "[::1]:8080" }, code: 0 },
  { name: "its own host in IPv6 without a port", headers: { host: "[::1]" }, code: 0 },
  { name: "its own host in any case", headers: { host: "gw.EXAMPLE:80" }, code: 0 },
  { name: "no host", headers: {}, code: 403, words: "Host ''" },
  { name: "another host", headers: { host: "evil.example:8080" }, code: 403, words: "Host 'evil.example:8080'" },
  { name: "a host that starts with its own", headers: { host: "localhost.evil.example" }, code: 403, words: "Host" },
  { name: "a host behind a port", headers: { host: "evil:localhost" }, code: 403, words: "Host" },
  { name: "a host behind a bracket", headers: { host: "[::1].evil:80" }, code: 403, words: "Host" },
  { name: "its own origin", headers: { host: own, origin: "http://127.0.0.1:8080" }, code: 0 },
  { name: "its own origin over TLS", headers: { host: own, origin: "https://127.0.0.1:8080" }, code: 0 },
  { name: "another origin", headers: { host: own, origin: "http://evil.example" }, code: 403, words: "(http://evil.example)" },
  { name: "another port's origin", headers: { host: own, origin: "http://127.0.0.1:9090" }, code: 403, words: "another site" },
  { name: "an opaque origin", headers: { host: own, origin: "null" }, code: 403, words: "(null)" },
  { name: "an empty origin", headers: { host: own, origin: "" }, code: 403, words: "another site" },
  { name: "a link of its own", headers: { host: own, secFetchSite: "same-origin" }, code: 0 },
  { name: "an address that was typed in", headers: { host: own, secFetchSite: "none" }, code: 0 },
  { name: "another site's image", headers: { host: own, secFetchSite: "cross-site" }, code: 403, words: "(cross-site)" },
  { name: "a sibling site", headers: { host: own, secFetchSite: "same-site" }, code: 403, words: "(same-site)" },
  { name: "a token", headers: { host: own, authorization: "Bearer s3cret" }, code: 0, settings: guarded },
  { name: "a token in another case of the word", headers: { host: own, authorization: "bEARER s3cret" }, code: 0, settings: guarded },
  { name: "no token", headers: { host: own }, code: 401, words: "Authorization: Bearer", settings: guarded },
  { name: "an empty token", headers: { host: own, authorization: "Bearer " }, code: 401, settings: guarded },
  { name: "another token", headers: { host: own, authorization: "Bearer s3cres" }, code: 401, settings: guarded },
  { name: "the start of the token", headers: { host: own, authorization: "Bearer s3cre" }, code: 401, settings: guarded },
  { name: "the token and more", headers: { host: own, authorization: "Bearer s3cretx" }, code: 401, settings: guarded },
  { name: "the token without the word", headers: { host: own, authorization: "s3cret" }, code: 401, settings: guarded },
  { name: "the token by another scheme", headers: { host: own, authorization: "Basic s3cret" }, code: 401, settings: guarded },
  { name: "a token, but another host", headers: { host: "evil", authorization: "Bearer s3cret" }, code: 403, settings: guarded },
];

describe("access to the admin interface", () => {
  for (const { name, headers, code, words, settings } of accessCases) {
    it(`is ${code === 0 ? "given" : `refused with ${code}`}: ${name}${settings === undefined ? "" : " (a token is needed)"}`, () => {
      const request = { host: undefined, origin: undefined, secFetchSite: undefined, authorization: undefined, ...headers };
      const refusal = refuseAdminRequest(request, settings ?? open);
      equal(refusal?.code ?? 0, code);
      contains(refusal?.desc ?? "", words ?? "");
    });
  }

  it("compares tokens whole", () => {
    equal([equalInConstantTime("", ""), equalInConstantTime("é中", "é中")], [true, true]);
    for (const [given, expected] of [["", "a"], ["a", ""], ["b", "a"], ["ab", "aa"], ["ba", "aa"], ["aaa", "aa"], ["a", "aa"]] as const) {
      equal(equalInConstantTime(given, expected), false, `${given} and ${expected}`);
    }
  });
});

function parameters(...pairs: string[]): Parameters {
  const table: Parameters = lookup();
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    table[pairs[i] ?? ""] = pairs[i + 1] ?? "";
  }
  return table;
}

describe("admin parameters", () => {
  it("name a hostname of up to 255 bytes without spaces", () => {
    for (const hostname of ["api.weibo.cn", "a:b", "api.weibo.cn.abc", "é", "h".repeat(255)]) {
      equal(valueOf(hostnameOf(parameters("hostname", hostname))), hostname);
    }
    refused(hostnameOf(parameters()), 50104, "hostname invalid: it is missing");
    for (const hostname of ["", "a b", "a\n", "h".repeat(256), "é".repeat(128)]) {
      refused(hostnameOf(parameters("hostname", hostname)), 50104, "arg hostname invalid");
    }
  });

  it("name a policy or group by a number from 0, or by its name", () => {
    for (const [text, id] of [["0", "0"], ["7", "7"], ["007", "7"], ["99999999999999", "99999999999999"], ["123456789012345", "123456789012345"]]) {
      equal(valueOf(policyTarget(parameters("policyid", text ?? ""))), { id });
      equal(valueOf(groupTarget(parameters("policygroupid", text ?? ""))), { id });
    }
    for (const text of ["", "-1", "1.5", "abc", " 1", "1e3", "0x1", "99999999999999999999"]) {
      refused(policyTarget(parameters("policyid", text)), 50104, "policyId invalid");
      refused(groupTarget(parameters("policygroupid", text)), 50104, "policyGroupId invalid");
    }
    refused(policyTarget(parameters()), 50104, "policyId invalid");
    refused(policyTarget(parameters("policyname", "")), 50104, "policyId invalid");
    equal(valueOf(policyTarget(parameters("policyname", "gray"))), { name: "gray" });
    equal(valueOf(groupTarget(parameters("policygroupname", "g"))), { name: "g" });
    equal(valueOf(policyTarget(parameters("policyid", "1", "policyname", "gray"))), { id: "1" });
    refused(policyTarget(parameters("policyid", "x", "policyname", "gray")), 50104, "policyId invalid");
  });

  it("name what runtime_set puts in force: a policy before a group", () => {
    const policy = { kind: "policy", target: { id: "1" } };
    equal(valueOf(runtimeTarget(parameters("policyid", "1"))), policy);
    equal(valueOf(runtimeTarget(parameters("policyid", "1", "policygroupid", "2"))), policy);
    equal(valueOf(runtimeTarget(parameters("policygroupid", "2"))), { kind: "policygroup", target: { id: "2" }, divsteps: undefined });
    equal(valueOf(runtimeTarget(parameters("policygroupname", "g", "divsteps", "3"))), {
      kind: "policygroup",
      target: { name: "g" },
      divsteps: 3,
    });
    refused(runtimeTarget(parameters()), 50104, "policyId or policyGroupid invalid");
    refused(runtimeTarget(parameters("policyid", "x")), 50104, "policyId or policyGroupid invalid");
    for (const divsteps of ["0", "-1", "x", "", "1.5"]) {
      refused(runtimeTarget(parameters("policygroupid", "2", "divsteps", divsteps)), 50104, "arg divsteps invalid");
    }
  });

  it("ask for a page of 1 to 1,000 from 0 on", () => {
    equal(valueOf(pageOf(parameters())), { from: 0, count: 100 });
    equal(valueOf(pageOf(parameters("from", "20", "count", "1000"))), { from: 20, count: 1000 });
    for (const count of ["0", "1001", "x", "", "-5"]) {
      refused(pageOf(parameters("count", count)), 50104, "arg count invalid");
    }
    for (const from of ["x", "", "-1"]) {
      refused(pageOf(parameters("from", from)), 50104, "arg from invalid");
    }
  });

  it("force only where they say so", () => {
    equal(["1", "true", "0", "", "yes"].map((force) => isForced(parameters("force", force))), [true, true, false, false, false]);
    equal(isForced(parameters()), false);
  });
});

function text(answer: JsonObject): string {
  return printJson(answer, noPause);
}

describe("admin answers", () => {
  it("are the envelope that clients know", () => {
    equal(text(successAnswer("", undefined)), '{"code":200,"desc":"success "}');
    equal(text(successAnswer(" the id of new policy is 20", 1)), '{"code":200,"desc":"success  the id of new policy is 20","data":1}');
    equal(text(errorAnswer({ code: 50101, desc: "x" })), '{"code":50101,"desc":"x"}');
  });

  it("show a hash flat, and a sorted set as member: score", () => {
    const meta = { name: undefined, userinfo: undefined, salt: undefined };
    const hash = policyAnswer({ divtype: "uidsuffix", storage: "hash", pairs: ["1", "beta1", "3", "beta2"], ipv6: [], meta });
    equal(text(hash), '{"divtype":"uidsuffix","divdata":["1","beta1","3","beta2"]}');
    const pairs = ["0:beta1", "1110.7", "1:beta1", "2222.3000000000002"];
    const range = policyAnswer({ divtype: "iprange", storage: "zset", pairs, ipv6: ["m", "0"], meta: { ...meta, name: "n" } });
    equal(text(range), '{"divtype":"iprange","divdata":{"0:beta1":"1110.7","1:beta1":"2222.3000000000002"},"divdata_ipv6":["m"],"name":"n"}');
    equal(text(policyAnswer(undefined)), '{"divtype":null,"divdata":null}');
  });

  it("show a runtime by the names of its levels", () => {
    const level = (id: string): { divModulename: string; divDataKey: string; userInfoModulename: string } => ({
      divModulename: `m${id}`,
      divDataKey: `k${id}`,
      userInfoModulename: `u${id}`,
    });
    equal(
      text(runtimeAnswer({ hostname: "h", divsteps: 2, levels: [level("1"), level("2")] })),
      '{"divsteps":2,"runtimegroup":{"first":{"divModulename":"m1","divDataKey":"k1","userInfoModulename":"u1"},' +
        '"second":{"divModulename":"m2","divDataKey":"k2","userInfoModulename":"u2"}}}',
    );
    equal(text(runtimeAnswer(undefined)), '{"divsteps":0,"runtimegroup":{}}');
  });
});
