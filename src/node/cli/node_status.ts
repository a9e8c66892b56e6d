import { z } from "zod";

const milliseconds = z.number().nullable();

/** Of a gateway that has them: older ones do not say. */
const upstreamsData = z.object({
  engine: z.string(),
  count: z.number(),
  problem: z.string(),
  broken_count: z.number(),
  broken: z.array(z.object({ name: z.string(), last_good_served: z.boolean(), reason: z.string() })),
  conf: z.object({ written_by: z.string().optional(), revision: z.number().nullable(), problem: z.string() }).nullable(),
  dyups: z.object({ in_step: z.boolean(), problem: z.string() }).nullable(),
});

const statusData = z.object({
  revision: z.number(),
  runtimes: z.number(),
  store: z.object({
    reachable: z.boolean(),
    revision: z.number().nullable(),
    lost: z.boolean(),
    direct_writes: z.string(),
    confirmed_ms_ago: milliseconds,
    problem: z.string(),
  }),
  workers: z.array(
    z.object({
      id: z.number(),
      pid: z.number(),
      revision: z.number(),
      alive: z.boolean(),
      seen_ms_ago: z.number(),
      leader: z.boolean(),
      broken_levels: z.number(),
    }),
  ),
  snapshot: z.object({ revision: z.number().nullable(), age_ms: milliseconds, problem: z.string() }),
  upstreams: upstreamsData.nullish(),
  broken_levels: z.number(),
  broken: z.array(
    z.object({
      hostname: z.string(),
      level: z.number(),
      policyid: z.union([z.number(), z.string()]).nullable(),
      divtype: z.string(),
      reason: z.string(),
    }),
  ),
});

/** What the action `status` answers; fields that a later gateway adds do not disturb. */
export type NodeStatus = z.infer<typeof statusData>;

const answer = z.union([
  z.object({ code: z.literal(200), data: statusData }),
  z.object({ code: z.number(), desc: z.string() }).transform(({ code, desc }) => ({ code, desc, data: undefined })),
]);

export type StatusAnswer =
  | { readonly kind: "status"; readonly status: NodeStatus }
  | { readonly kind: "refused"; readonly code: number; readonly desc: string }
  | { readonly kind: "strange" };

/** Reads the body of a status answer; `strange` is what no gateway of ours says. */
export function readStatusAnswer(body: string): StatusAnswer {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { kind: "strange" };
  }
  const parsed = answer.safeParse(value);
  if (!parsed.success) return { kind: "strange" };
  if (parsed.data.data !== undefined) return { kind: "status", status: parsed.data.data };
  // A success without the data that it should have.
  return parsed.data.code === 200 ? { kind: "strange" } : { kind: "refused", code: parsed.data.code, desc: parsed.data.desc };
}
