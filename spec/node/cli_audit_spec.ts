import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runProgram } from "../../src/node/cli/program.ts";
import { here, StoreCli, uidSuffix } from "./cli_store.ts";
import { startStore, type StoreServer } from "./store_server.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

async function entry(revision: number, ...fields: string[]): Promise<void> {
  await store.client.xadd("ab:test:audit", `${revision}-0`, ...fields);
}

describe("audit", () => {
  it("shows the last changes, oldest first: when, what, who, before and after", async () => {
    const cli = new StoreCli(store);
    for (let i = 0; i < 3; i++) await cli.done("policy", "set", cli.file(uidSuffix));
    await cli.done("runtime", "set", "api.weibo.cn", "--policy", "1");
    await cli.done("runtime", "set", "api.weibo.cn", "--policy", "2");
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
    const out = await cli.done("audit", "--last", "2");
    expect(out).toMatch(new RegExp(`^${time}  4  runtime_set hostname api\\.weibo\\.cn\n`));
    expect(out.replaceAll(new RegExp(time, "g"), "TIME")).toBe(
      [
        "TIME  4  runtime_set hostname api.weibo.cn",
        `  by ann from ${here}`,
        "  after:  policies 1 (1 levels)",
        "TIME  5  runtime_set hostname api.weibo.cn",
        `  by ann from ${here}`,
        "  before: policies 1 (1 levels)",
        "  after:  policies 2 (1 levels)",
      ].join("\n"),
    );
  });

  it("prints a line of JSON for each change", async () => {
    await entry(7, "time", "1700000000000", "who", "ann", "action", "runtime_set", "hostnames", "a\nb", "nonce", "x");
    await entry(8, "who", "bob");
    const lines = (await new StoreCli(store).done("audit", "--json")).split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        revision: 7,
        time: "2023-11-14T22:13:20.000Z",
        who: "ann",
        from: "",
        action: "runtime_set",
        what: "",
        before: "",
        after: "",
        hostnames: ["a", "b"],
        policyIds: [],
        upstreams: [],
      },
      expect.objectContaining({ revision: 8, time: null, who: "bob" }),
    ]);
  });

  it("is harmless for a terminal and keeps to 80 columns", async () => {
    await entry(1, "time", "never", "who", "\u001b]0;owned\u0007", "action", "x", "after", "policy ".repeat(30));
    const out = await new StoreCli(store).done("audit");
    expect(out).toMatch(/^\(no time\) {2}1 {2}x \n {2}by \\x1b\]0;owned\\x07 from \(unknown\)\n {2}after: {2}policy/);
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("says that there is nothing, and refuses what is no number", async () => {
    const cli = new StoreCli(store);
    expect(await cli.done("audit")).toBe("no change is on record");
    expect(await cli.done("audit", "--json")).toBe("");
    expect(await cli.run("audit", "--last", "x")).toMatchObject({ code: 2, err: expect.stringMatching(/a number from 0 is expected/) as string });
  });

  it("follows the changes that come, says when Redis lost some, and ends with Redis", async () => {
    const own = await startStore();
    const cli = new StoreCli(own);
    const [out, err]: [string[], string[]] = [[], []];
    const terminal = { environment: {}, out: (text: string) => out.push(text), err: (text: string) => err.push(text), exitCode: 0 };
    await cli.done("policy", "set", cli.file(uidSuffix));
    const following = runProgram(["audit", "--follow", "--json", "--last", "0", "-c", cli.sandbox.path("dygateway.yaml")], terminal);
    const revisions = (): number[] => out.map((line) => (JSON.parse(line) as { revision: number }).revision);
    await cli.done("policy", "set", cli.file(uidSuffix));
    await cli.done("policy", "set", cli.file(uidSuffix));
    await expect.poll(revisions, { timeout: 5000 }).toEqual([2, 3]);
    await own.client.flushall();
    await cli.done("policy", "set", cli.file(uidSuffix));
    await expect.poll(revisions, { timeout: 5000 }).toEqual([2, 3, 1]);
    expect(err).toEqual(["dygateway: the audit stream ends before change 3, which was seen: Redis has lost data"]);
    await own.stop();
    expect(await following).toBe(1);
    expect(err.at(-1)).toMatch(/^dygateway: redis connect error for unix:.*\(50301\)$/);
  });
});
