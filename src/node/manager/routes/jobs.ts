import { z } from "zod";
import { clusterName } from "../../lvs/inventory/scalars.ts";
import { streamEvents } from "../http/event_stream.ts";
import { conflict, notFound } from "../http/problem.ts";
import { route, type Route } from "../http/route.ts";
import { jobId, jobSchema, type Job } from "../jobs/job.ts";
import type { JobRunner } from "../jobs/job_runner.ts";

const ofJob = z.strictObject({ job: jobId });

const countInQuery = z
  .string()
  .regex(/^[1-9][0-9]{0,3}$/, { error: "is not a number from 1 to 9999" })
  .transform(Number);

/** Syncs and rollbacks: those that run, and those that have ended. */
export function jobRoutes(jobs: JobRunner): Route[] {
  const found = (id: string): Job => {
    const job = jobs.get(id);
    if (job === undefined) throw notFound(`job ${id}`);
    return job;
  };
  return [
    route({
      method: "GET",
      path: "/jobs",
      role: "viewer",
      summary: "Syncs and rollbacks, the newest first",
      query: z.strictObject({ cluster: clusterName.optional(), last: countInQuery.optional() }),
      answers: { 200: z.strictObject({ jobs: z.array(jobSchema) }) },
      handle: ({ query }) => {
        const all = jobs.list(query.cluster === undefined ? (query.last ?? 50) : Number.MAX_SAFE_INTEGER);
        const wanted = query.cluster === undefined ? all : all.filter(({ cluster }) => cluster === query.cluster);
        return { json: { jobs: wanted.slice(0, query.last ?? 50) } };
      },
    }),
    route({
      method: "GET",
      path: "/jobs/:job",
      role: "viewer",
      summary: "A job",
      params: ofJob,
      answers: { 200: jobSchema, 404: "There is no such job" },
      handle: ({ params }) => ({ json: found(params.job) }),
    }),
    route({
      method: "GET",
      path: "/jobs/:job/events",
      role: "viewer",
      summary: "The progress of a job as server-sent events, from its beginning or from Last-Event-ID on, until its end",
      params: ofJob,
      headers: { "Last-Event-ID": "The id of the last event that the client has" },
      answers: { 200: "text/event-stream: started, step, done, failed, skipped of each load balancer; end", 404: "There is no such job" },
      handle: ({ params, header }, reply) => {
        const { id } = found(params.job);
        const after = Number(/^[0-9]{1,9}$/.exec(header("last-event-id"))?.[0] ?? 0);
        streamEvents(reply, (send, end) =>
          jobs.follow(id, after, ({ id: number, event, time, data }) => send({ id: number, event, data: { time, ...(data as object) } }), end),
        );
        return undefined;
      },
    }),
    route({
      method: "DELETE",
      path: "/jobs/:job",
      role: "operator",
      summary: "End a job: load balancers that were not begun are left as they are",
      params: ofJob,
      answers: { 202: jobSchema, 404: "There is no such job", 409: "It has ended already" },
      handle: ({ params }) => {
        const job = found(params.job);
        if (!jobs.abort(job.id)) throw conflict(`job ${job.id} has ended already: ${job.state}`);
        return { status: 202, json: job };
      },
    }),
  ];
}
