import { describe, expect, it } from "vitest";
import { PushProgress } from "../../../src/node/cli/lvs_progress.ts";
import { commandsFor } from "../../../src/node/cli/lvs_reload_text.ts";
import { parseAnswer } from "../../../src/node/lvs/push/answer.ts";
import { bounded } from "../../../src/node/lvs/push/bounded.ts";
import type { PushEvent } from "../../../src/node/lvs/push/events.ts";
import { planSync } from "../../../src/node/lvs/push/plan.ts";
import { redacted } from "../../../src/node/lvs/push/redact.ts";
import { pushPlans } from "../../../src/node/lvs/push/sync.ts";
import type { CallEnd, Transport } from "../../../src/node/lvs/push/transport.ts";
import { filesOnDisk, releaseOf, sha256, type Release } from "../../../src/node/lvs/render/release.ts";

const answer = (text: string): CallEnd => ({ kind: "answered", output: Buffer.from(text), errors: "" });
const parse = (text: string, errors = ""): ReturnType<typeof parseAnswer> => parseAnswer({ output: Buffer.from(text), errors });
const release = (host: string): Release => releaseOf(host, [{ path: "keepalived.conf", text: "x\n", mode: 0o644, isSecret: false }]);
const silent = (): void => undefined;
const settings = { dialect: "mainline", parallel: 2, canary: undefined } as const;
const reach = (transport: Transport, retries = 0) =>
  ({ transport, root: "/etc/keepalived/dygw", timeoutMs: 1000, retries, signal: new AbortController().signal }) as const;

describe("what a load balancer answers", () => {
  it("is lines and files up to `done`", () => {
    const told = parse("current abc\ncontent 8 vips/a.conf\nx\ndone\ny\nmain included\ndone\n");
    expect(told).toMatchObject({ ok: true, answer: { lines: [["current", "abc"], ["main", "included"]] } });
    expect(told.ok && [...told.answer.contents]).toEqual([["vips/a.conf", "x\ndone\ny"]]);
  });

  it.each(["", "current abc\n", "current abc\ndon"])("is a cut session without it: %j", (text) => {
    expect(parse(text, "tar: short read\n")).toEqual({
      ok: false,
      refusal: { kind: "unreachable", reason: "the session was cut: tar: short read" },
    });
  });

  it("says why it refuses, with what its programs said", () => {
    expect(parse("step checking\nfail refused keepalived: a|b\n", "tar: No space\n")).toEqual({
      ok: false,
      refusal: { kind: "refused", code: "refused", reason: "keepalived: a; b: tar: No space" },
    });
  });
});

describe("differences without the OSPF key", () => {
  const conf = (key: string): string => ` ip ospf message-digest-key 1 md5 ${key}\n ip ospf cost 5\n`;
  it("show that it changed, and not what it is", () => {
    const { before, after } = redacted(conf("old-key"), conf("new-key"));
    expect(before + after).not.toMatch(/old-key|new-key/);
    expect(before).not.toBe(after);
    expect(redacted(conf("same"), conf("same")).before).toBe(redacted(conf("same"), conf("same")).after);
  });
});

describe("work on many at once", () => {
  it("is bounded, and its results are in order", async () => {
    let running = 0;
    let most = 0;
    const results = await bounded([5, 4, 3, 2, 1, 0], 2, async (turns) => {
      most = Math.max(most, ++running);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      running -= 1;
      return turns * 10;
    });
    expect(results).toEqual([50, 40, 30, 20, 10, 0]);
    expect(most).toBe(2);
  });
});

describe("a sync", () => {
  it("tries again where a load balancer is not reached, and not where that cannot help", async () => {
    const calls: string[] = [];
    const transport: Transport = ({ host }) => {
      calls.push(host);
      return Promise.resolve({ kind: "unreachable", reason: "no route", mayRetry: host === "lb1" });
    };
    const plans = await planSync(reach(transport, 2), [release("lb1"), release("lb2")], 1, silent);
    expect(calls).toEqual(["lb1", "lb1", "lb1", "lb2"]);
    expect(plans.map(({ kind }) => kind)).toEqual(["failed", "failed"]);
  });

  it("does not connect to a load balancer that has everything", async () => {
    const one = release("lb1");
    const files = filesOnDisk(one).map(({ path, text }) => `file ${sha256(text)}  ./${path}\n`).join("");
    const plans = await planSync(reach(() => Promise.resolve(answer(`current ${one.digest}\n${files}main included\ndone\n`))), [one], 1, silent);
    const outcomes = await pushPlans(reach(() => Promise.reject(new Error("it did"))), plans, settings, silent);
    expect(outcomes).toEqual([{ host: "lb1", outcome: "unchanged", reason: undefined }]);
  });

  it("fails a load balancer that has something else right after it was changed", async () => {
    const plans = await planSync(reach(() => Promise.resolve(answer("done\n"))), [release("lb1"), release("lb2")], 1, silent);
    const outcomes = await pushPlans(reach(() => Promise.resolve(answer("current 0123\ndone\n"))), plans, settings, silent);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["failed", "skipped"]);
    expect(outcomes[0]?.reason).toBe("another release is in use than the one it was given");
  });

  it("begins with none when it is stopped before", async () => {
    const plans = await planSync(reach(() => Promise.resolve(answer("done\n"))), [release("lb1")], 1, silent);
    const stopped = { ...reach(() => Promise.reject(new Error("it did"))), signal: AbortSignal.abort() };
    expect(await pushPlans(stopped, plans, settings, silent)).toMatchObject([{ outcome: "skipped" }]);
  });
});

describe("progress", () => {
  const events: PushEvent[] = [
    { kind: "started", host: "lb1" },
    { kind: "step", host: "lb1", step: "sending" },
    { kind: "started", host: "lb2" },
    { kind: "done", host: "lb1", outcome: "updated" },
    { kind: "failed", host: "lb2", reason: "no\x1broute" },
  ];
  function shown(isWatched: boolean, isQuiet: boolean): { readonly err: string[]; readonly status: string[] } {
    const seen = { err: [] as string[], status: [] as string[] };
    const terminal = { environment: {}, exitCode: 0, out: silent, err: (text: string) => void seen.err.push(text) };
    const progress = new PushProgress(isWatched ? { ...terminal, status: (text: string) => void seen.status.push(text) } : terminal, isQuiet);
    for (const event of events) progress.show(event);
    progress.end();
    return seen;
  }

  it("is a line for each load balancer that is done with", () => {
    expect(shown(false, false).err).toEqual(["lb1: updated", "lb2: failed: no\\x1broute"]);
    expect(shown(false, true).err).toEqual([]);
  });

  it("says what the others are at where somebody watches", () => {
    expect(shown(true, false).status).toEqual(["lb1 connecting", "lb1 sending", "lb1 sending, lb2 connecting", "lb2 connecting", "", ""]);
  });
});

describe("the commands that put files in force", () => {
  it.each([
    [["vips/10.0.0.1.conf", "MANIFEST"], "mainline", ["keepalived -e -t -f /etc/keepalived/keepalived.conf && systemctl reload keepalived"]],
    [["keepalived.conf"], "alibaba", ["kill -HUP $(cat /var/run/keepalived.pid)"]],
    [["frr.conf", "sysctl.conf"], "dpvs", ["sh /etc/keepalived/dygw/current/setup.sh", "/usr/lib/frr/frr-reload.py --reload /etc/keepalived/dygw/current/frr.conf"]],
    [["vip_hook.sh"], "mainline", []],
  ] as const)("%j of %s", (paths, dialect, commands) => {
    expect(commandsFor(paths, dialect, "/etc/keepalived/dygw")).toEqual(commands);
  });
});
