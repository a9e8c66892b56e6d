import { z } from "zod";
import * as scalar from "./scalars.ts";

const detailedServer = z
  .strictObject({
    address: scalar.serverAddress.describe("host, host:port, [IPv6]:port or unix:/path"),
    weight: z.int().min(1).max(65535).optional().describe("Share of the requests (nginx: 1)"),
    max_fails: z.int().min(0).max(65535).optional().describe("Failures until it is left out, 0: never (nginx: 1)"),
    fail_timeout: scalar.seconds.optional().describe("Time for these failures, and of being left out (nginx: 10s)"),
    max_conns: z.int().min(0).max(1_000_000).optional().describe("Most connections at a time, 0: no limit"),
    backup: z.boolean().default(false).describe("Used only when the others are unavailable"),
    down: z.boolean().default(false).describe("Not used at all"),
  })
  .describe("One server with its parameters");

/** `random_two`: of two servers the one with fewer connections. */
const balances = ["round_robin", "least_conn", "ip_hash", "random", "random_two"] as const;

const hashSchema = z
  .strictObject({
    hash: scalar.hashKey.describe("Text with nginx variables: $remote_addr$uri"),
    consistent: z.boolean().default(false).describe("Few keys move when servers come and go (ketama)"),
  })
  .describe("The same key reaches the same server");

export const upstreamSchema = z
  .strictObject({
    servers: z.array(z.union([scalar.serverAddress, detailedServer])).min(1),
    keepalive: z.int().min(0).max(100_000).default(64).describe("Idle connections each worker keeps open, 0: none"),
    balance: z
      .union([z.enum(balances), hashSchema])
      .default("round_robin")
      .describe("How the next server is chosen"),
  })
  .describe("A named group of servers");
