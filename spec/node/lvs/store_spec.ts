import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Result } from "../../../src/dygateway/core/result.ts";
import { storeKeys } from "../../../src/dygateway/core/store/keys.ts";
import type { Change, ChangeContext, Transaction } from "../../../src/dygateway/core/store/transaction.ts";
import * as edits from "../../../src/node/lvs/edit/edits.ts";
import type { LvsError } from "../../../src/node/lvs/edit/problems.ts";
import { canonicalDocument, type ClusterDocument } from "../../../src/node/lvs/inventory/index.ts";
import { createCluster, deleteCluster, editCluster, putCluster, revertCluster, type ChangedCluster, type ChangeOptions } from "../../../src/node/lvs/store/change_cluster.ts";
import { readCluster, readInventory, type StoredCluster } from "../../../src/node/lvs/store/reads.ts";
import { listVersions, type KeptVersion } from "../../../src/node/lvs/store/versions.ts";
import { listWstypes, registerWstypes } from "../../../src/node/lvs/store/wstypes.ts";
import { changeStore } from "../../../src/node/store/change.ts";
import { changeContext } from "../../../src/node/store/change_context.ts";
import { readStore } from "../../../src/node/store/work.ts";
import { startStore, type StoreServer } from "../store_server.ts";
import { innerDocument, referenceDocument } from "./inventory_documents.ts";

const keys = storeKeys("ab:test");
const inner = "cluster:hy-inner";
let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(async () => {
  await store.client.flushall();
  value(await change((context) => registerWstypes(context, ["apps", "search"], undefined)));
});
afterAll(() => store.stop());

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.error.desc);
  return result.value;
}

const refusal = (result: Result<unknown>): unknown => (result.ok ? "done" : result.error);

const change = <T>(plan: (context: ChangeContext) => Change<T>): Promise<Result<Transaction<T>>> => {
  const context = changeContext(keys, { USER: "ann" });
  return changeStore(store.settings, () => plan(context));
};

const options: ChangeOptions = { action: "test", allowRemoval: false, versions: 5, mostRemoved: { vips: 1, lbs: 1, realServers: 1 } };

type Changed = Promise<Result<Transaction<ChangedCluster>>>;
const create = (document: unknown): Changed => change((context) => createCluster(context, document, options));
const edit = (by: edits.Edit, more: Partial<ChangeOptions> = {}): Changed =>
  change((context) => editCluster(context, "hy-inner", by, { ...options, ...more }));
const read = async (name = "hy-inner"): Promise<StoredCluster | undefined> => value(await readStore(store.settings, readCluster(name)));
const versions = async (): Promise<KeptVersion[]> => value(await readStore(store.settings, listVersions("hy-inner")));

describe("a cluster in the store", () => {
  it("is a hash with the predecessor's fields as JSON, and ours beside them", async () => {
    value(await create(referenceDocument()));
    const hash = await store.client.hgetall("cluster:hy-outer-global-proxy-test");
    expect(Object.keys(hash).sort()).toEqual(["device", "digest", "lbinfos", "name", "type", "version", "vip2ws", "vipnets"]);
    for (const field of ["name", "type", "lbinfos", "vip2ws", "vipnets", "device"] as const) {
      expect(JSON.parse(hash[field] ?? "")).toEqual(canonicalDocument(referenceDocument())[field]);
    }
    expect(await read("hy-outer-global-proxy-test")).toMatchObject({ version: 1, isForeign: false, document: canonicalDocument(referenceDocument()), problems: [] });
  });

  it("is read in the predecessor's form, and edited from there", async () => {
    const { vip2ws } = referenceDocument();
    const python = (part: unknown): string => JSON.stringify(part).replaceAll('"', "'").replaceAll(/'(\w+)':/g, "u'$1':");
    await store.client.hset("cluster:hy-outer-global-proxy-test", {
      name: "hy-outer-global-proxy-test",
      type: "extra",
      device: "em1",
      vipnets: python(referenceDocument().vipnets),
      lbinfos: python(referenceDocument().lbinfos),
      vip2ws: python(vip2ws),
      color: "of another tool",
    });
    const stored = await read("hy-outer-global-proxy-test");
    expect(stored).toMatchObject({ version: 1, isForeign: true, document: referenceDocument(), problems: [] });
    const done = value(await change((context) => editCluster(context, "hy-outer-global-proxy-test", edits.changeWstype("60.28.208.1", "search"), options)));
    expect(done.answer).toMatchObject({ version: 2, changes: ["VIP changed: 60.28.208.1"] });
    expect(await store.client.hget("cluster:hy-outer-global-proxy-test", "color")).toBe("of another tool");
    const kept = value(await readStore(store.settings, listVersions("hy-outer-global-proxy-test")));
    expect(kept.map(({ version, action, who }) => [version, action, who])).toEqual([[2, "test", "ann"], [1, "foreign", ""]]);
    expect(kept[1]?.document?.vip2ws).toEqual(vip2ws);
  });

  it.each([
    ["a call", "__import__('os').system('touch /tmp/x')"],
    ["a name", "[x]"],
    ["half a list", "['60.28.208.0/25'"],
    ["Python deeper than any stack", "(".repeat(100_000)],
  ])("that holds %s is shown as broken, can be replaced as a whole, and keeps nobody else from changing", async (_, text) => {
    value(await create(innerDocument()));
    await store.client.hset(inner, "vipnets", text);
    const stored = await read();
    expect(stored).toMatchObject({ version: 2, document: undefined, problems: [{ rule: "storedUnreadable" }] });
    expect(refusal(await edit(edits.deleteVips(["10.9.0.1"])))).toMatchObject({ kind: "broken" });
    expect(value(await create(referenceDocument())).answer.warnings).toContainEqual(expect.objectContaining({ rule: "clusterUnread" }));
    const put = await change((context) => putCluster(context, innerDocument(), { ...options, expectedVersion: 2 }));
    expect(value(put).answer.version).toBe(3);
    expect(await read()).toMatchObject({ version: 3, isForeign: false, problems: [] });
  });

  it("whose key is something else than a hash is left as it is", async () => {
    await store.client.set(inner, "mine");
    expect(refusal(await change((context) => putCluster(context, innerDocument(), { ...options, expectedVersion: 1 })))).toMatchObject({ kind: "broken" });
    expect(await store.client.get(inner)).toBe("mine");
  });

  it("is shown even where its JSON is deeper than any stack", async () => {
    value(await create(innerDocument()));
    await store.client.hset(inner, "vipnets", "[".repeat(100_000) + "]".repeat(100_000));
    const stored = await read();
    expect(stored?.problems.map(({ rule }) => rule)).toContain("shapeWrong");
    expect(JSON.stringify(stored?.value).length).toBeLessThan(10_000);
  });

  it("under another name than its own is refused", async () => {
    value(await create(innerDocument()));
    await store.client.rename(inner, "cluster:renamed");
    expect(await read("renamed")).toMatchObject({ document: undefined, problems: [{ rule: "nameDiffers" }] });
  });

  it.each(["", "a:versions", "hy-inner:versions", "lvs:wstypes"])("is never found under the name %j", async (name) => {
    value(await create(innerDocument()));
    expect(await read(name)).toBeUndefined();
    expect(refusal(await change((context) => deleteCluster(context, name, { ...options, allowRemoval: true })))).toMatchObject({ kind: "unknown" });
    expect(refusal(await create({ ...innerDocument(), name }))).toMatchObject({ kind: "invalid", problems: [{ rule: "shapeWrong" }] });
  });
});

describe("a change", () => {
  it("is one revision, one audit entry, one version", async () => {
    value(await create(innerDocument()));
    const done = value(await edit(edits.deleteVips(["10.9.0.3"])));
    expect(done).toMatchObject({ revision: 3, answer: { version: 2, changes: ["VIP removed: 10.9.0.3"] } });
    expect(await store.client.get(keys.revision)).toBe("3");
    const [[id, fields] = ["", []]] = await store.client.xrevrange(keys.audit, "+", "-", "COUNT", 1);
    const entry = Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]]] : [])));
    expect([id, entry["who"], entry["action"], entry["what"], entry["before"], entry["after"]]).toEqual([
      "3-0", "ann", "test", "cluster hy-inner", "version 1", "version 2: VIP removed: 10.9.0.3",
    ]);
    expect((await versions()).map(({ version, who, what }) => [version, who, what])).toEqual([
      [2, "ann", "VIP removed: 10.9.0.3"],
      [1, "ann", "cluster hy-inner created; load balancers added: lb1.inner.hy01, lb2.inner.hy01; VIPs added: 10.9.0.1, 10.9.0.2, 10.9.0.3"],
    ]);
  });

  it("that changes nothing is none", async () => {
    value(await create(innerDocument()));
    const again = value(await edit(edits.changeWstype("10.9.0.1", "apps")));
    expect(again).toMatchObject({ revision: 2, commands: [], answer: { version: 1, changes: [] } });
    expect(await store.client.get(keys.revision)).toBe("2");
  });

  it("that breaks a rule is refused with every problem, and nothing is stored", async () => {
    value(await create(innerDocument()));
    const before = await store.client.hgetall(inner);
    const wrong = await edit(edits.addVips([{ vip: "10.8.0.1", wstype: "nope", wss: ["a"], ports: [{ sport: 80, dport: 81 }] }]));
    expect(refusal(wrong)).toMatchObject({ kind: "invalid", problems: [{ rule: "vipOutside" }, { rule: "wstypeUnknown" }, { rule: "portNotTranslated" }] });
    expect(await store.client.hgetall(inner)).toEqual(before);
  });

  it("is held against all other clusters when it is written", async () => {
    value(await create(innerDocument()));
    const second = { ...innerDocument(), name: "second" };
    const { problems } = refusal(await create(second)) as LvsError;
    expect(new Set(problems.map(({ rule }) => rule))).toEqual(new Set(["hostnameTaken", "routeridTaken", "addressTaken", "vipnetOverlap", "vipTaken"]));
  });

  it("that removes a lot has to be meant", async () => {
    value(await create(innerDocument()));
    const both = edits.deleteVips(["10.9.0.1", "10.9.0.2"]);
    expect(refusal(await edit(both))).toMatchObject({ kind: "unconfirmed", desc: expect.stringContaining("removes 2 VIPs (more than 1); if that is meant, say so with --allow-removal") });
    expect(value(await edit(both, { allowRemoval: true })).answer.document?.vip2ws.map(({ vip }) => vip)).toEqual(["10.9.0.3"]);
  });

  it("of ten that change one cluster at once: none is lost", async () => {
    value(await create(innerDocument()));
    const names = Array.from({ length: 10 }, (_, i) => `new${i}.hy01`);
    const done = await Promise.all(names.map((name) => edit(edits.addRealServers("10.9.0.1", [name]))));
    expect(done.map((one) => value(one).answer.version).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect((await read())?.document?.vip2ws[0]?.wss).toEqual(expect.arrayContaining(names));
  });

  it("of two that claim one VIP in different clusters at once: one is refused", async () => {
    const other: ClusterDocument = { ...innerDocument(), name: "second", lbinfos: [], vip2ws: [] };
    const done = await Promise.all([create({ ...innerDocument(), lbinfos: [] }), create({ ...other, vip2ws: innerDocument().vip2ws })]);
    expect(done.filter((one) => one.ok)).toHaveLength(1);
    expect(value(await readStore(store.settings, readInventory()))).toHaveLength(1);
  });
});

describe("of two operators who change one cluster", () => {
  it("the second is told, and by whom", async () => {
    value(await create(innerDocument()));
    value(await edit(edits.deleteVips(["10.9.0.1"]), { expectedVersion: 1 }));
    expect(refusal(await edit(edits.deleteVips(["10.9.0.2"]), { expectedVersion: 1 }))).toMatchObject({
      kind: "stale",
      desc: expect.stringMatching(/^cluster hy-inner is at version 2 \(ann, .*\), not at the expected 1: somebody else changed it/),
    });
    const whole = await change((context) => putCluster(context, innerDocument(), options));
    expect(refusal(whole)).toMatchObject({ kind: "stale", desc: expect.stringContaining("--expect 2") });
  });

  it("one may be another tool: its writes are seen and kept", async () => {
    value(await create(innerDocument()));
    await store.client.hset(inner, "device", '"em9"');
    expect(await read()).toMatchObject({ version: 2, isForeign: true });
    expect(refusal(await edit(edits.deleteVips(["10.9.0.2"]), { expectedVersion: 1 }))).toMatchObject({ kind: "stale", desc: expect.stringContaining("written by another tool") });
    expect(value(await edit(edits.deleteVips(["10.9.0.2"]), { expectedVersion: 2 })).answer.version).toBe(3);
    expect((await versions()).map(({ version, action, document }) => [version, action, document?.device])).toEqual([
      [3, "test", "em9"],
      [2, "foreign", "em9"],
      [1, "test", "bond0"],
    ]);
  });
});

describe("the versions of a cluster", () => {
  it("are kept to the depth, and can be gone back to", async () => {
    value(await create(innerDocument()));
    for (let weight = 1; weight <= 6; weight++) value(await edit(edits.setFields({ ospf: { cost: weight } })));
    expect((await versions()).map(({ version }) => version)).toEqual([7, 6, 5, 4, 3]);
    const back = value(await change((context) => revertCluster(context, "hy-inner", 4, options)));
    expect(back.answer).toMatchObject({ version: 8, document: { ospf: { cost: 3 } } });
    expect(refusal(await change((context) => revertCluster(context, "hy-inner", 1, options)))).toMatchObject({ kind: "unknown" });
  });

  it("outlive the cluster, and bring it back", async () => {
    value(await create(innerDocument()));
    expect(refusal(await change((context) => deleteCluster(context, "hy-inner", options)))).toMatchObject({ kind: "unconfirmed" });
    value(await change((context) => deleteCluster(context, "hy-inner", { ...options, allowRemoval: true })));
    expect(await store.client.exists(inner)).toBe(0);
    expect(refusal(await change((context) => revertCluster(context, "hy-inner", 2, options)))).toMatchObject({ desc: expect.stringContaining("deletion") });
    expect(value(await change((context) => revertCluster(context, "hy-inner", 1, options))).answer.version).toBe(3);
    expect((await read())?.document).toEqual(canonicalDocument(innerDocument()));
  });
});

describe("wstypes", () => {
  it("are registered once, and described anew", async () => {
    expect(value(await change((context) => registerWstypes(context, ["apps"], undefined))).commands).toEqual([]);
    value(await change((context) => registerWstypes(context, ["apps"], "the app servers")));
    value(await change((context) => registerWstypes(context, ["apps", "new"], undefined)));
    expect(value(await readStore(store.settings, listWstypes()))).toEqual([
      { name: "apps", description: "the app servers" },
      { name: "new", description: "" },
      { name: "search", description: "" },
    ]);
  });

  it.each([["a b", undefined], ["", undefined], ["ok", "two\nlines"], ["ok", "x".repeat(201)]])("%j described as %j are refused", async (name, description) => {
    expect(refusal(await change((context) => registerWstypes(context, [name], description)))).toMatchObject({ kind: "invalid" });
  });
});
