import { expect, test } from "vitest";
import { useCluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { linesSince, storeIs } from "./faults.ts";
import { otherLevels, threeLevels } from "./users.ts";
import { putInForce, witnessed } from "./witness.ts";

/** How long the wrong password stays: long enough for the second minute's line, and for a flood after it. */
const SECONDS = 70;
const LINES = 2;
const RIGHT = "the right one";

const cluster = useCluster({ tcp: true, redisLogin: { password: RIGHT }, config: () => ({ redis: { password: RIGHT } }) });

test("a wrong password: traffic goes on, one clear line a minute in the log", async () => {
  await witnessed(cluster, "wrong Redis password", threeLevels, async (witness, host) => {
    const { client } = cluster.redis;
    const log = cluster.gateway.errorLog();
    const started = performance.now();
    await client.config("SET", "requirepass", "another one");
    await client.call("CLIENT", "KILL", "TYPE", "pubsub");
    await client.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    await storeIs(cluster, false);
    expect((await cluster.done("status")).data.store.problem).toMatch(/AUTH: WRONGPASS/);
    const refused = await cluster.admin("runtime_del", { hostname: host });
    expect([refused.code, refused.desc]).toEqual([50301, expect.stringMatching(/WRONGPASS.*nothing was changed/)]);
    await until("the wrong password has been there for a while", () => performance.now() - started > SECONDS * 1000, SECONDS * 2000);

    const lines = linesSince(cluster, log);
    const said = lines.filter((line) => line.includes("WRONGPASS"));
    console.info(`a wrong password for ${SECONDS} s: ${lines.length} lines in the error log, ${said.length} of them say why`);
    expect(said).toHaveLength(LINES);
    for (const line of said) {
      expect(line).toMatch(/\[error\].*dygateway: redis connect error for 127\.0\.0\.1:\d+: AUTH: WRONGPASS/);
    }
    // A broken connection or two may be logged as well, once.
    expect(lines.length).toBeLessThan(LINES + 5);

    await client.config("SET", "requirepass", RIGHT);
    await storeIs(cluster, true);
    await putInForce(witness, cluster, host, otherLevels);
  }, { paceMs: 50 });
}, 60_000 + SECONDS * 3000);
