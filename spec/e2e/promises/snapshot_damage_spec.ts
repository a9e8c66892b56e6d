import { chmodSync, chownSync, cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { BackendName } from "../support/backends.ts";
import { useCluster } from "../support/cluster.ts";
import { numberFrom, seededDice } from "../support/seeded_dice.ts";
import { until } from "../support/until.ts";
import { fullDisk } from "./full_disk.ts";
import { everyWorkerIsUpToDate, linesSince, snapshotIsSaved, storeIs } from "./faults.ts";
import { bySuffix, byRange, threeLevels, type Level } from "./users.ts";
import { putInForce, witnessed, type Witness } from "./witness.ts";

const DAMAGES = numberFrom("SNAPSHOT_DAMAGES", 16);

const dice = seededDice("SNAPSHOT_SEED");
const cluster = useCluster();
const file = (name: string): string => join(cluster.folder, "snapshot", name);

const levelsTo = (upstream: BackendName): readonly Level[] => [bySuffix(upstream), byRange("beta3")];
const before = levelsTo("beta1");
const now = levelsTo("beta2");

function change(name: string, how: (bytes: Buffer) => Buffer | string): void {
  writeFileSync(file(name), how(readFileSync(file(name))));
}

const cut = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length * 0.6));
const flip = (bytes: Buffer): Buffer => {
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 4;
  return bytes;
};

/** Of the bytes a part is left, or one bit is another. */
function damagedAnywhere(bytes: Buffer): { readonly how: string; readonly bytes: Buffer } {
  if (dice.chance(50)) {
    // Without the last line's end it would be as good as whole.
    const left = dice.below(bytes.length - 1);
    return { how: `cut off after ${left} of ${bytes.length} bytes`, bytes: bytes.subarray(0, left) };
  }
  const [at, bit] = [dice.below(bytes.length), dice.below(8)];
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  return { how: `bit ${bit} of byte ${at} of ${bytes.length} flipped`, bytes: changed };
}

/** The one rules file that has a text and is not there for any other level. */
function rulesWith(text: string): string {
  const found = readdirSync(join(cluster.folder, "snapshot")).filter((name) => name.startsWith("rules-") && readFileSync(file(name), "utf8").includes(text));
  expect(found).toHaveLength(1);
  return found[0] ?? "";
}

async function startWithoutRedis(witness: Witness): Promise<string[]> {
  await cluster.gateway.stop();
  const log = cluster.gateway.errorLog();
  cluster.gateway.start();
  await cluster.ready(false);
  witness.resume();
  await witness.more(100);
  return linesSince(cluster, log);
}

interface Damage {
  readonly what: string;
  readonly do: () => void;
  /** What can still be known, and is served. */
  readonly served: readonly Level[];
  readonly log: RegExp;
  readonly broken?: number;
}

const oneUid = "beta2";
const damages: readonly Damage[] = [
  { what: "state cut off", do: () => change("state", cut), served: before, log: /snapshot\/state is not used: it is damaged or cut off/ },
  { what: "a bit of state flipped", do: () => change("state", flip), served: before, log: /snapshot\/state is not used: it is damaged or cut off/ },
  { what: "state empty", do: () => change("state", () => ""), served: before, log: /snapshot\/state is not used/ },
  { what: "state of another version", do: () => change("state", (bytes) => bytes.toString().replace(/^dygateway-state \d+/, "dygateway-state 99")), served: before, log: /snapshot\/state is not used: it is of another format/ },
  { what: "state and state.previous damaged", do: () => {
    change("state", flip);
    change("state.previous", cut);
  }, served: [], log: /snapshot\/state\.previous is not used/ },
  { what: "state missing", do: () => rmSync(file("state")), served: before, log: /\[warn\].*snapshot\/state is missing: the one before is used/ },
  { what: "half a new state beside it, of a worker that was killed", do: () => writeFileSync(file("state.new"), cut(readFileSync(file("state")))), served: now, log: /serving revision \d+ with \d+ runtimes/ },
  { what: "a bit of a level's rules flipped", do: () => change(rulesWith(oneUid), flip), served: now.slice(1), log: /rules-\w+ is not used: it is missing, damaged or cut off/, broken: 1 },
  { what: "a level's rules cut off", do: () => change(rulesWith(oneUid), cut), served: now.slice(1), log: /rules-\w+ is not used: it is missing, damaged or cut off/, broken: 1 },
  { what: "a level's rules missing", do: () => rmSync(file(rulesWith(oneUid))), served: now.slice(1), log: /rules-\w+ is not used: it is missing, damaged or cut off/, broken: 1 },
];

describe("nginx starts without Redis, from damaged files", () => {
  afterEach(async () => {
    await cluster.redis.client.ping().catch(() => cluster.redis.start());
    await storeIs(cluster, true);
    const { data } = await cluster.done("runtime_list");
    for (const { hostname } of data.runtimes as { hostname: string }[]) {
      await cluster.done("runtime_del", { hostname });
    }
  });

  test.each(damages)("$what", async ({ what, do: damage, served, log, broken = 0 }) => {
    await witnessed(cluster, what, before, async (witness, host) => {
      await snapshotIsSaved(cluster);
      await putInForce(witness, cluster, host, now);
      await snapshotIsSaved(cluster);
      await witness.pause();
      await cluster.redis.kill();
      await cluster.gateway.stop();
      damage();
      witness.begin(served);
      witness.settle();
      const lines = await startWithoutRedis(witness);
      expect(lines.filter((line) => log.test(line)).length).toBeGreaterThanOrEqual(1);
      const { data } = await cluster.done("status");
      expect(data.broken_levels).toBe(broken);

      // Redis is back: all is in force again, and what lies on disk is whole again.
      witness.begin(now);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await until("it is in force", async () => (await cluster.done("status")).data.broken_levels === 0 && (await cluster.ask(host, { headers: { "X-Uid": "7000001" } })) === "beta2");
      await snapshotIsSaved(cluster);
      await witness.pause();
      await cluster.redis.kill();
      witness.settle();
      await startWithoutRedis(witness);
      await cluster.redis.start();
      await storeIs(cluster, true);
    }, { reloads: 2 });
  });
});

test(`${DAMAGES} starts without Redis from a file that is cut off, or has a bit flipped, anywhere: what can be known is served`, async () => {
  const host = cluster.newHost();
  await cluster.divert(host, ...before.map(({ policy }) => policy));
  await snapshotIsSaved(cluster);
  await cluster.divert(host, ...now.map(({ policy }) => policy));
  await snapshotIsSaved(cluster);
  const kept = join(cluster.folder, "snapshot.kept");
  const folder = join(cluster.folder, "snapshot");
  cpSync(folder, kept, { recursive: true, preserveTimestamps: true });
  const rules = rulesWith(oneUid);
  await cluster.redis.kill();
  try {
    for (let n = 0; n < DAMAGES; n++) {
      await cluster.gateway.stop();
      for (const name of readdirSync(kept)) {
        writeFileSync(file(name), readFileSync(join(kept, name)));
      }
      const name = n % 2 === 0 ? "state" : rules;
      const { how, bytes } = damagedAnywhere(readFileSync(file(name)));
      writeFileSync(file(name), bytes);
      const log = cluster.gateway.errorLog();
      cluster.gateway.start();
      await cluster.ready(false);
      const because = `SNAPSHOT_SEED=${dice.seed}, damage ${n}: ${name} ${how}`;
      // Uid 5000002 is in the range of the second level, too.
      const answers = [await cluster.ask(host, { headers: { "X-Uid": "5000002" } }), await cluster.ask(host, { headers: { "X-Uid": "5000003" } })];
      expect(answers, because).toEqual([name === "state" ? "beta1" : "beta3", "beta3"]);
      expect(linesSince(cluster, log).filter((line) => line.includes(`snapshot/${name} is not used: `)), because).toHaveLength(1);
    }
  } finally {
    await cluster.redis.start();
    rmSync(kept, { recursive: true, force: true });
  }
  await storeIs(cluster, true);
  await snapshotIsSaved(cluster);
  expect(await cluster.ask(host, { headers: { "X-Uid": "5000002" } })).toBe("beta2");
  await cluster.done("runtime_del", { hostname: host });
});

interface Spoiling {
  readonly what: string;
  readonly reason: RegExp;
  readonly spoil: () => void;
  readonly mend: () => void;
  /** What can be served by a start without Redis, and what the log then says. */
  readonly start: { readonly served: readonly Level[]; readonly log: RegExp };
}

/**
 * Changes work and are served while the snapshot cannot be written; it says so, and is written once it can be. A start
 * meanwhile, without Redis, serves what was written last.
 */
async function worksWithoutDisk({ what, reason, spoil, mend, start }: Spoiling): Promise<void> {
  const saysSo = (): Promise<void> =>
    until("status says so", async () => {
      const { snapshot } = (await cluster.done("status")).data;
      return reason.test(snapshot.problem as string) && snapshot.revision === null;
    }, 10_000);
  await witnessed(cluster, what, threeLevels, async (witness, host) => {
    await snapshotIsSaved(cluster);
    const log = cluster.gateway.errorLog();
    spoil();
    try {
      for (const levels of [before, now]) {
        await putInForce(witness, cluster, host, levels);
        await saysSo();
      }
      await witness.more(100);
      const said = linesSince(cluster, log).filter((line) => line.includes("could not be written"));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(reason);

      await witness.pause();
      await cluster.redis.kill();
      witness.begin(start.served);
      witness.settle();
      const started = await startWithoutRedis(witness);
      expect(started.filter((line) => start.log.test(line))).toHaveLength(1);

      witness.begin(now);
      await cluster.redis.start();
      await storeIs(cluster, true);
      await until("it is in force", async () => (await cluster.ask(host, { headers: { "X-Uid": "7000001" } })) === "beta2");
      await saysSo();
      await everyWorkerIsUpToDate(cluster);
      witness.settle();
    } finally {
      mend();
    }
    await snapshotIsSaved(cluster);
    await witness.pause();
    await cluster.redis.kill();
    await startWithoutRedis(witness);
    await cluster.redis.start();
    await storeIs(cluster, true);
  }, { reloads: 2 });
}

describe("the snapshot cannot be written", () => {
  const folder = (): string => join(cluster.folder, "snapshot");
  const aside = (): string => join(cluster.folder, "snapshot.aside");
  const lastWritten = { served: threeLevels, log: /\[notice\].*serving revision \d+ with \d+ runtimes/ };

  test("its folder is gone", () =>
    worksWithoutDisk({
      what: "snapshot folder gone",
      reason: /No such file or directory/,
      spoil: () => {
        renameSync(folder(), aside());
      },
      mend: () => {
        renameSync(aside(), folder());
      },
      start: { served: [], log: /\[warn\].*there is no usable snapshot in .*snapshot: / },
    }));

  test("its folder may not be written to", async () => {
    const { uid, gid, mode } = statSync(folder());
    await worksWithoutDisk({
      what: "snapshot folder unwritable",
      reason: /Permission denied/,
      spoil: () => {
        chownSync(folder(), process.getuid?.() ?? uid, process.getgid?.() ?? gid);
        chmodSync(folder(), 0o555);
      },
      mend: () => {
        chownSync(folder(), uid, gid);
        chmodSync(folder(), mode);
      },
      start: lastWritten,
    });
  });

  test("the disk is full", () => {
    const disk = fullDisk(folder(), file("state.new"));
    return worksWithoutDisk({ what: "disk full", reason: /No space left on device/, spoil: disk.fill, mend: disk.free, start: lastWritten });
  });
});
