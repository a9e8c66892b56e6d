import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { syncLockKey, takeSyncLock, type LockTaken, type SyncLock } from "../../../src/node/lvs/push/sync_lock.ts";
import { until } from "../../e2e/support/until.ts";
import { startStore, type StoreServer } from "../store_server.ts";

const ann = { who: "ann", from: "cli@one", since: Date.UTC(2020, 1, 2, 3, 4, 5) };
const bob = { who: "bob", from: "cli@two", since: Date.UTC(2020, 1, 2, 3, 5, 5) };
const short = { expiryMs: 300, renewalMs: 50 };

describe("the lock of a cluster", () => {
  let store: StoreServer;
  beforeAll(async () => {
    store = await startStore();
  });
  afterAll(() => store.stop());
  beforeEach(() => store.client.flushall());

  const take = (holder: typeof ann, timing?: typeof short): Promise<LockTaken> => takeSyncLock(store.settings, "hy", holder, timing);
  function held(taken: LockTaken): SyncLock {
    if (!taken.ok) throw new Error(taken.reason);
    return taken.lock;
  }

  it("is had by one, and the other is told by whom and since when", async () => {
    const lock = held(await take(ann));
    expect(await take(bob)).toEqual({
      ok: false,
      isHeld: true,
      reason: "the load balancers of hy are being worked on by ann (cli@one), since 2020-02-02T03:04:05.000Z",
    });
    await lock.release();
    await held(await take(bob)).release();
  });

  it("is one for each cluster", async () => {
    const [one, two] = await Promise.all(["hy", "bj"].map((name) => takeSyncLock(store.settings, name, ann)));
    expect([one?.ok, two?.ok]).toEqual([true, true]);
    for (const taken of [one, two]) if (taken?.ok === true) await taken.lock.release();
  });

  it("is renewed while it is held, and expires when its holder is gone", async () => {
    const lock = held(await take(ann, short));
    const began = Date.now();
    await until("it has outlived its expiry twice", async () => {
      expect(await store.client.exists(syncLockKey("hy"))).toBe(1);
      return Date.now() - began > 2 * short.expiryMs;
    });
    expect(lock.lost.aborted).toBe(false);
    await lock.release();
    held(await take(bob, { expiryMs: 100, renewalMs: 60_000 }));
    await until("it has expired", async () => (await take(ann)).ok);
  });

  it("says when it is lost, and then does not take another's away", async () => {
    const lock = held(await take(ann, short));
    await store.client.del(syncLockKey("hy"));
    const other = held(await take(bob));
    await until("the loss is seen", () => lock.lost.aborted);
    await lock.release();
    expect(await store.client.exists(syncLockKey("hy"))).toBe(1);
    await other.release();
    expect(await store.client.exists(syncLockKey("hy"))).toBe(0);
  });

  it("is not had where Redis is not reached, or refuses it", async () => {
    expect(await takeSyncLock({ ...store.settings, unixSocket: "/nowhere" }, "hy", ann)).toMatchObject({ ok: false, isHeld: false });
    await store.client.rpush(syncLockKey("hy"), "not a lock");
    expect(await take(ann)).toMatchObject({ ok: false, isHeld: true, reason: "the load balancers of hy are being worked on" });
  });
});
