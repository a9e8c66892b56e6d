import { z } from "zod";
import * as scalar from "./scalars.ts";

const tlsSchema = z
  .strictObject({
    certificate: scalar.absolutePath.describe("PEM, with its chain"),
    key: scalar.absolutePath.describe("PEM"),
  })
  .describe("Speak TLS; needed to listen on anything but loopback");

const treeSchema = z
  .strictObject({
    folder: scalar.absolutePath.optional().describe("A plain folder that holds the tree"),
    git: scalar.absolutePath.optional().describe("A git repository that holds the tree, bare or not"),
    ref: z
      .string()
      .regex(/^(?!-)[A-Za-z0-9_./-]{1,200}$/, { error: "is not the name of a branch or a tag" })
      .default("HEAD")
      .describe("The branch or tag of git that is read"),
    nginx: scalar.absolutePath.optional().describe("nginx binary that tests trees (default: found in PATH)"),
  })
  .refine((tree) => (tree.folder === undefined) !== (tree.git === undefined), { error: "set either folder or git" })
  .describe("The configurations of the nginx machines");

/** The section `manager:` of dygateway.yaml. */
export const managerSchema = z
  .strictObject({
    listen: scalar.listenAddress.default("127.0.0.1:8090").describe("Reachable from other machines only with tls"),
    tls: tlsSchema.optional(),
    state: scalar.absolutePath.default("/var/lib/dygateway/manager").describe("Tokens and jobs"),
    max_body: scalar.byteSize.default("4m").describe("Largest request body"),
    failures_per_minute: z.int().min(1).max(10_000).default(20).describe("Requests without a valid token, of one address"),
    jobs_kept: z.int().min(10).max(100_000).default(1000).describe("Finished jobs that can still be read"),
    shutdown_timeout: scalar.time.default("60s").describe("Longest time a running sync is waited for when the service ends"),
    nginx_hosts: treeSchema.optional(),
  })
  .describe("The service for LVS clusters and nginx machines, dygateway manager");

export type ManagerConfig = z.infer<typeof managerSchema>;
