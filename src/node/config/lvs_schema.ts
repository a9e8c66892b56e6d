import { z } from "zod";
import { lvsPushSchema } from "./lvs_push_schema.ts";

const mostRemovedSchema = z
  .strictObject({
    vips: z.int().min(0).max(1_000_000).default(5),
    lbs: z.int().min(0).max(1_000_000).default(1),
    real_servers: z.int().min(0).max(1_000_000).default(10).describe("Of VIPs that stay"),
  })
  .describe("What one change of a cluster may remove; more needs a flag");

export const lvsSchema = z
  .strictObject({
    versions: z.int().min(1).max(10_000).default(50).describe("Versions of each cluster that are kept"),
    most_removed: mostRemovedSchema.prefault({}),
    push: lvsPushSchema.prefault({}),
  })
  .describe("LVS clusters");

export type LvsConfig = z.infer<typeof lvsSchema>;
