import { listGroups, listPolicies, readPolicy } from "../../src/dygateway/core/store/policy_reads.ts";
import type { ListedPolicy, Page } from "../../src/dygateway/core/store/policy_reads.ts";
import { readGroup, readPolicyByTarget } from "../../src/dygateway/core/store/target_reads.ts";
import { equal, isTrue } from "../support/assert.ts";
import { addGroup, addPolicy, keys, namedPolicy, suffixPolicy } from "./support/changes.ts";
import { byHand, drive, fakeRedis } from "./support/fake_redis.ts";
import { largePolicy } from "./support/policies.ts";
import { refused, valueOf } from "./support/results.ts";

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
