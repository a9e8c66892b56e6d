import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseJson } from "../../src/dygateway/core/json/parse.ts";
import { checkPolicy, type CheckedPolicy } from "../../src/dygateway/core/policy/policy.ts";
import { failure, noPause, success } from "../../src/dygateway/core/result.ts";
import { storeRefused } from "../../src/dygateway/core/errors.ts";
import { storeKeys } from "../../src/dygateway/core/store/keys.ts";
import { setPolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { setRuntime } from "../../src/dygateway/core/store/runtime_changes.ts";
import { readRuntime } from "../../src/dygateway/core/store/runtime_reads.ts";
import { beginChange, commitChange, type Change } from "../../src/dygateway/core/store/transaction.ts";
import { changeStore } from "../../src/node/store/change.ts";
import { changeContext } from "../../src/node/store/change_context.ts";
import { foreignDivtypes } from "../../src/node/store/foreign_divtypes.ts";
import { readStore } from "../../src/node/store/work.ts";
import { startStore, type StoreServer } from "./store_server.ts";

const keys = storeKeys("ab:test");
const foreign = foreignDivtypes({});
let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

function policy(text: string): CheckedPolicy {
  const parsed = parseJson(text, noPause);
  const checked = parsed.ok ? checkPolicy(parsed.value, foreign, noPause) : undefined;
  if (checked?.ok !== true) throw new Error(`the test's policy is refused: ${text}`);
  return checked.value;
}

const suffixes = policy('{"divtype":"uidsuffix","divdata":[{"suffix":"1","upstream":"beta1"}]}');

async function storePolicy(checked = suffixes, environment = {}): Promise<{ id: number; revision: number }> {
  const context = changeContext(keys, environment);
  const done = await changeStore(store.settings, () => setPolicy(context, checked));
  if (!done.ok) throw new Error(done.error.desc);
  return { id: Number(done.value.answer.policyId), revision: done.value.revision };
}

const upTo = (count: number, first: number): number[] => Array.from({ length: count }, (_, i) => first + i);

describe("changes at the same time", () => {
  it("of ten that change ten times each get revisions and ids without a gap or a double", async () => {
    const changer = async (): Promise<{ id: number; revision: number }[]> => {
      const done: { id: number; revision: number }[] = [];
      for (let i = 0; i < 10; i++) done.push(await storePolicy());
      return done;
    };
    const all = (await Promise.all(upTo(10, 0).map(changer))).flat();
    const inOrder = (a: number, b: number): number => a - b;
    expect(all.map(({ revision }) => revision).sort(inOrder)).toEqual(upTo(100, 1));
    expect(all.map(({ id }) => id).sort(inOrder)).toEqual(upTo(100, 0));
    expect(await store.client.get(keys.revision)).toBe("100");
    expect(await store.client.get(keys.policyIdCount)).toBe("99");
    const audit = await store.client.xrange(keys.audit, "-", "+");
    expect(audit.map(([id]) => id)).toEqual(upTo(100, 1).map((revision) => `${revision}-0`));
  });

  it("plans again where another wrote between WATCH and EXEC", async () => {
    const context = changeContext(keys, {});
    let plans = 0;
    function* plan(): Change<string> {
      plans++;
      const begun = yield* beginChange(context, []);
      if (!begun.ok) return begun;
      const [seen] = yield [["GET", "seen"]];
      // The other writer, on a connection of its own.
      if (plans <= 3) interference = store.client.set(keys.revision, `${plans}`);
      const entry = { action: "test", what: "", before: "", after: "", hostnames: [], policyIds: [], upstreams: [] };
      yield [["ECHO", ""]];
      return success(commitChange(context, begun.value, entry, [["SET", "seen", "1"]], JSON.stringify(seen)));
    }
    let interference: Promise<unknown> = Promise.resolve();
    const done = await changeStore(store.settings, plan);
    await interference;
    expect(done).toMatchObject({ ok: true, value: { revision: 4 } });
    expect(plans).toBe(4);
  });

  it("of two on one hostname leave the runtime of one of them, whole", async () => {
    const [first, second] = [await storePolicy(), await storePolicy()];
    const set = (id: number): Promise<unknown> => {
      const context = changeContext(keys, {});
      const target = { kind: "policy", target: { id: `${id}` } } as const;
      return changeStore(store.settings, () => setRuntime(context, "api.weibo.cn", target, foreign));
    };
    const results = await Promise.all(upTo(10, 0).map((i) => set(i % 2 === 0 ? first.id : second.id)));
    expect(results.every((result) => (result as { ok: boolean }).ok)).toBe(true);
    const read = await readStore(store.settings, readRuntime(keys, "api.weibo.cn"));
    const levels = read.ok ? read.value?.levels : undefined;
    expect(levels).toHaveLength(1);
    expect([keys.divdata(`${first.id}`), keys.divdata(`${second.id}`)]).toContain(levels?.[0]?.divDataKey);
  });
});

describe("a change", () => {
  it("that is refused, or has nothing to do, leaves the store as it was", async () => {
    const refused = await changeStore<null>(store.settings, function* (): Change<null> {
      yield [["WATCH", "a"]];
      return failure(storeRefused("no"));
    });
    expect(refused).toEqual({ ok: false, error: storeRefused("no") });
    const idle = await changeStore(store.settings, function* (): Change<null> {
      yield [["WATCH", "a"]];
      return success({ commands: [], revision: 7, answer: null });
    });
    expect(idle).toMatchObject({ ok: true, value: { revision: 7 } });
    expect(await store.client.dbsize()).toBe(0);
  });

  it("with a command that Redis refuses when it is queued changes nothing", async () => {
    const done = await changeStore(store.settings, function* (): Change<null> {
      yield [["PING"]];
      return success({ commands: [["SET", "a", "1"], ["SET", "b"]], revision: 1, answer: null });
    });
    expect(done).toMatchObject({ ok: false, error: { code: 40101, desc: expect.stringMatching(/wrong number of arguments.*; nothing was changed/) as string } });
    expect(await store.client.dbsize()).toBe(0);
  });

  it("says in the audit stream who, behind sudo too, from where and when", async () => {
    const before = Date.now();
    await storePolicy(suffixes, { USER: "root", SUDO_USER: "ann" });
    await storePolicy(suffixes, { USER: "bob", SUDO_USER: "" });
    const entries = await store.client.xrange(keys.audit, "-", "+");
    const field = (i: number, name: string): string => {
      const fields = entries[i]?.[1] ?? [];
      return fields[fields.indexOf(name) + 1] ?? "";
    };
    expect([field(0, "who"), field(1, "who")]).toEqual(["ann", "bob"]);
    expect(field(0, "from")).toMatch(/^cli@./);
    expect(Number(field(0, "time"))).toBeGreaterThanOrEqual(before);
    expect(field(0, "nonce")).not.toBe(field(1, "nonce"));
  });

  it("stores a policy that is too large for one step whole, and as UTF-8", async () => {
    const count = 12_000;
    const rules = upTo(count, 0).map((i) => `{"city":"城市${i}","upstream":"beta${i % 4}"}`);
    const { id } = await storePolicy(policy(`{"divtype":"arg_city","divdata":[${rules.join(",")}]}`));
    expect(await store.client.hlen(keys.divdata(`${id}`))).toBe(count);
    expect(await store.client.hgetBuffer(keys.divdata(`${id}`), Buffer.from("城市11999"))).toEqual(Buffer.from("beta3"));
    expect(await store.client.ttl(keys.divdata(`${id}`))).toBe(-1);
    expect(await store.client.keys("ab:test:staging:*")).toEqual([]);
  });
});
