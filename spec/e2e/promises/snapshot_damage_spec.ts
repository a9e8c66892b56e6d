import { chmodSync, chownSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { BackendName } from "../support/backends.ts";
import { useCluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { fullDisk } from "./full_disk.ts";
import { linesSince, snapshotIsSaved, storeIs } from "./faults.ts";
import { bySuffix, byRange, threeLevels, type Level } from "./users.ts";
import { putInForce, witnessed, type Witness } from "./witness.ts";

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
  { what: "state missing", do: () => rmSync(file("state")), served: before, log: /serving revision \d+ with \d+ runtimes/ },
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
    }, { again: true });
  });
});

/** Changes work and are served while the snapshot cannot be written; it says so, and is written once it can be. */
async function worksWithoutDisk(what: string, reason: RegExp, spoil: () => void, mend: () => void): Promise<void> {
  await witnessed(cluster, what, threeLevels, async (witness, host) => {
    await snapshotIsSaved(cluster);
    const log = cluster.gateway.errorLog();
    spoil();
    try {
      for (const levels of [before, now]) {
        await putInForce(witness, cluster, host, levels);
        await until("status says so", async () => {
          const { snapshot } = (await cluster.done("status")).data;
          return reason.test(snapshot.problem as string) && snapshot.revision === null;
        }, 10_000);
      }
      await witness.more(100);
      const said = linesSince(cluster, log).filter((line) => line.includes("could not be written"));
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(reason);
    } finally {
      mend();
    }
    await snapshotIsSaved(cluster);
    await witness.pause();
    await cluster.redis.kill();
    await startWithoutRedis(witness);
    await cluster.redis.start();
    await storeIs(cluster, true);
  }, { again: true });
}

describe("the snapshot cannot be written", () => {
  const folder = (): string => join(cluster.folder, "snapshot");
  const aside = (): string => join(cluster.folder, "snapshot.aside");

  test("its folder is gone", () =>
    worksWithoutDisk("snapshot folder gone", /No such file or directory/, () => renameSync(folder(), aside()), () => renameSync(aside(), folder())));

  test("its folder may not be written to", async () => {
    const { uid, gid, mode } = statSync(folder());
    await worksWithoutDisk(
      "snapshot folder unwritable",
      /Permission denied/,
      () => {
        chownSync(folder(), process.getuid?.() ?? uid, process.getgid?.() ?? gid);
        chmodSync(folder(), 0o555);
      },
      () => {
        chownSync(folder(), uid, gid);
        chmodSync(folder(), mode);
      },
    );
  });

  test("the disk is full", () => {
    const disk = fullDisk(folder(), file("state.new"));
    return worksWithoutDisk("disk full", /No space left on device/, disk.fill, disk.free);
  });
});
