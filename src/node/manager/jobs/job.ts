import { z } from "zod";

/**
 * - `running`;
 * - `done`: all went well; `failed`: something did not, the result says what;
 * - `aborted`: somebody ended it, or the service did when it was told to stop; what was not reached is as before;
 * - `interrupted`: the service was killed meanwhile. Each load balancer is on its old or on its new release: drift says which.
 */
export const jobStates = ["running", "done", "failed", "aborted", "interrupted"] as const;

export const jobKinds = ["sync", "rollback"] as const;
export type JobKind = (typeof jobKinds)[number];

export const jobId = z.string().regex(/^[0-9]{13}-[0-9a-f]{8}$/, { error: "is not a job's id" });

export const jobSchema = z.strictObject({
  id: jobId,
  kind: z.enum(jobKinds),
  cluster: z.string(),
  /** The name of the token. */
  by: z.string(),
  state: z.enum(jobStates),
  started: z.iso.datetime(),
  ended: z.iso.datetime().nullable(),
  /** As it was asked for. */
  request: z.record(z.string(), z.unknown()),
  /** What came of it; null while it runs, and where it was interrupted. */
  result: z.unknown(),
  /** In a sentence, where there is something to say. */
  detail: z.string(),
});
export type Job = z.infer<typeof jobSchema>;

export const jobEvent = z.strictObject({
  /** From 1, without gaps. */
  id: z.int(),
  time: z.iso.datetime(),
  event: z.string(),
  data: z.unknown(),
});
export type JobEvent = z.infer<typeof jobEvent>;

/** How a piece of work ended. */
export interface WorkEnd {
  readonly state: "done" | "failed" | "aborted";
  readonly detail: string;
  readonly result: unknown;
}
