import { z } from "zod";
import * as scalar from "./scalars.ts";

const dyupsSchema = z
  .strictObject({
    url: scalar.httpUrl.describe("Where that gateway's dyups interface is: http://127.0.0.1:8081"),
    timeout: scalar.time.default("2s").describe("Longest wait for an answer"),
  })
  .describe("The gateway with ngx_http_dyups_module, for engine: dyups");

export const dynamicUpstreamsSchema = z
  .strictObject({
    engine: z
      .enum(["balancer", "dyups"])
      .default("balancer")
      .describe("balancer: this gateway chooses the servers; dyups: a gateway with ngx_http_dyups_module does"),
    written_by: z
      .enum(["workers", "operator"])
      .default("workers")
      .describe("Who keeps upstream.conf up to date: workers: the gateway itself; operator: `dygateway upstream write`"),
    keepalive: z
      .int()
      .min(1)
      .max(100_000)
      .default(1024)
      .describe("Idle connections each worker keeps open to all dynamic upstreams together"),
    keepalive_timeout: scalar.time.default("60s").describe("How long an idle connection is kept"),
    resolvers: z
      .array(scalar.resolverAddress)
      .min(1)
      .max(10)
      .optional()
      .describe("DNS servers for servers that are names (default: those of /etc/resolv.conf)"),
    dyups: dyupsSchema.optional(),
    dyups_location: scalar.dyupsLocation
      .default("/dyups")
      .describe("Path of the dyups interface on the admin listener; / for /upstream/NAME, /list and /detail themselves"),
  })
  .describe("Upstreams that change at run time");
