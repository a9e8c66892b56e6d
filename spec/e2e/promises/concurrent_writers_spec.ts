import type { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { AdminAnswer, Parameters } from "../support/admin_client.ts";
import { useCluster } from "../support/cluster.ts";
import { numberFrom } from "../support/seeded_dice.ts";
import { until } from "../support/until.ts";
import { bySuffix, threeLevels } from "./users.ts";
import { witnessed } from "./witness.ts";

const SECONDS = numberFrom("WRITER_SECONDS", 60);
const WRITERS = 20;
/** Hostnames that all writers fight for. */
const SHARED = 5;

const cluster = useCluster();

interface Acknowledged {
  readonly revision: number;
  /** Names the change in the audit stream. */
  readonly who: string;
  readonly action: string;
  /** What it left: a policy's id, or, for a hostname, the policy in force; undefined: gone. */
  readonly subject: string;
  readonly left: string | undefined;
}

/** Follows the audit stream from its beginning: over a minute it grows longer than it is kept. */
class AuditReader {
  readonly entries: { readonly id: string; readonly who: string; readonly action: string }[] = [];
  private isStopped = false;
  private readonly client: Redis;
  private readonly done: Promise<void>;

  constructor(client: Redis) {
    this.client = client.duplicate({ lazyConnect: false });
    this.done = this.read();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await this.done;
    this.client.disconnect();
  }

  private async read(): Promise<void> {
    let last = "0-0";
    while (!this.isStopped) {
      const read = await this.client.xread("COUNT", 1000, "BLOCK", 100, "STREAMS", "ab:test:audit", last);
      for (const [id, fields] of read?.[0]?.[1] ?? []) {
        last = id;
        const field = (name: string): string => fields[fields.indexOf(name) + 1] ?? "";
        this.entries.push({ id, who: field("who"), action: field("action") });
      }
    }
  }
}

test(`${WRITERS} writers at once for ${SECONDS} s: each change has its own revision, the audit stream has all, the state is the last`, async () => {
  await witnessed(cluster, `${WRITERS} writers for ${SECONDS} s`, threeLevels, async (witness, host) => {
    const { client } = cluster.redis;
    const first = Number(await client.get("ab:test:revision"));
    const audit = new AuditReader(client);
    const acknowledged: Acknowledged[] = [];
    const times: number[] = [];
    let refused = 0;
    let gaveUp = 0;
    const end = performance.now() + SECONDS * 1000;

    async function change(who: string, action: string, parameters: Parameters, body?: object): Promise<AdminAnswer> {
      const begun = performance.now();
      const answer = await cluster.admin(action, parameters, body, { headers: { "X-Operator": who } });
      times.push(performance.now() - begun);
      return answer;
    }

    function take(answer: AdminAnswer, who: string, action: string, subject: string, left: string | undefined): void {
      if (answer.code !== 200) {
        // A large reading change may lose against many small ones: it then says so, and nothing has happened.
        expect(answer.desc).toMatch(/too many writers at once.*nothing was changed/);
        gaveUp++;
        return;
      }
      acknowledged.push({ revision: Number(answer.headers["x-dygateway-revision"]), who, action, subject, left });
    }

    async function write(writer: number): Promise<void> {
      let mine = "";
      for (let n = 0; performance.now() < end; n++) {
        const who = `writer ${writer}, change ${n}`;
        if (n % 4 === 0) {
          const answer = await change(who, "policy_set", {}, bySuffix(n % 8 === 0 ? "beta1" : "beta2").policy);
          mine = answer.code === 200 ? String(answer.data.policyid) : mine;
          take(answer, who, "policy_set", `policy ${mine}`, mine);
        } else if (n % 4 === 1 || n % 4 === 2) {
          const hostname = n % 4 === 1 ? `own${writer}.test` : `shared${(writer + n) % SHARED}.test`;
          const answer = await change(who, "runtime_set", { hostname, policyid: mine });
          take(answer, who, "runtime_set", hostname, mine);
        } else if (n % 8 === 3) {
          // Others may be about to use it: then it is refused, and nothing has happened.
          const answer = await change(who, "policy_del", { policyid: mine });
          if (answer.code === 50202) {
            refused++;
          } else {
            take(answer, who, "policy_del", `policy ${mine}`, undefined);
          }
        } else {
          const hostname = `own${writer}.test`;
          const answer = await change(who, "runtime_del", { hostname });
          take(answer, who, "runtime_del", hostname, undefined);
        }
      }
    }

    try {
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
      const last = Number(await client.get("ab:test:revision"));
      await until("the audit stream is read to its end", () => audit.entries.at(-1)?.id === `${last}-0`);
    } finally {
      await audit.stop();
    }

    const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
    console.info(`${acknowledged.length} changes acknowledged, ${refused} refused, ${gaveUp} gave up; a change's answer at p99: ${p99.toFixed(0)} ms`);
    const ordered = acknowledged.toSorted((a, b) => a.revision - b.revision);
    const revisions = ordered.map(({ revision }) => revision);
    expect(revisions).toEqual(revisions.map((_, i) => first + 1 + i));
    const seen = audit.entries.filter(({ id }) => Number(id.split("-")[0]) > first);
    expect(seen.map(({ id, who, action }) => `${id} ${who} ${action}`)).toEqual(
      ordered.map(({ revision, who, action }) => `${revision}-0 ${who} ${action}`),
    );

    const state = new Map(ordered.map(({ subject, left }) => [subject, left]));
    const { revision } = (await cluster.done("status")).data;
    expect(revision).toBe(revisions.at(-1));
    for (const [subject, left] of state) {
      if (subject.startsWith("policy ")) {
        const divtype = await client.get(`ab:test:policies:${subject.slice("policy ".length)}:divtype`);
        expect([subject, divtype]).toEqual([subject, left === undefined ? null : "uidsuffix"]);
      } else {
        const { data } = await cluster.done("runtime_get", { hostname: subject });
        const key = left === undefined ? undefined : `ab:test:policies:${left}:divdata`;
        expect([subject, data.runtimegroup.first?.divDataKey]).toEqual([subject, key]);
        const upstream = left === undefined ? "stable" : await client.hget(`ab:test:policies:${left}:divdata`, "1");
        expect([subject, await cluster.ask(subject, { headers: { "X-Uid": "1" } })]).toEqual([subject, upstream]);
      }
    }
    expect(await cluster.ask(host, { headers: { "X-Uid": "1" } })).toBe("beta1");
    await witness.more(50);
  }, { paceMs: 20 });
}, 60_000 + SECONDS * 3000);
