import { z } from "zod";
import type { InventoryLimits, ChangedCluster, ChangeOptions } from "../../lvs/store/change_cluster.ts";
import { address, clusterName } from "../../lvs/inventory/scalars.ts";
import { expectedVersion, versionTag } from "../http/etag.ts";
import { badRequest, preconditionRequired } from "../http/problem.ts";
import type { Answer } from "../http/route.ts";
import { requestProblem } from "../inventory.ts";

/** Parts that many routes have. */

export const ofCluster = z.strictObject({ cluster: clusterName });
export const ofVip = z.strictObject({ cluster: clusterName, vip: address });

export const changeQuery = z.strictObject({
  allow_removal: z
    .enum(["true", "false"])
    .optional()
    .describe("true: this change is meant to empty the cluster, or to remove more than lvs.most_removed"),
});

/** `?vip=…&vip=…`: one or several. */
export const oneOrMore = <Item extends z.ZodType>(item: Item): z.ZodUnion<[z.ZodPipe<Item, z.ZodTransform<z.output<Item>[], z.output<Item>>>, z.ZodArray<Item>]> =>
  z.union([item.transform((value) => [value]), z.array(item).max(1000)]);

export const warning = z.strictObject({ path: z.string(), text: z.string(), rule: z.string().optional() });

export const changedCluster = z.strictObject({
  name: z.string(),
  version: z.int().describe("What the next change is to expect: its ETag"),
  changes: z.array(z.string()).describe("In words; empty: nothing was changed"),
  warnings: z.array(warning),
});

export const ifMatchHeader = { "If-Match": 'The version that is changed, as "7"; * for whatever there is' };
export const changeRefusals = { 400: "The address or If-Match is wrong", 404: "There is no such thing", 409: "It is there already, or removes too much without allow_removal", 412: "Somebody else changed the cluster: the detail says who and when", 413: "The body is too large", 422: "The rules refuse it; every problem with its path", 503: "Redis cannot be reached" } as const;

/**
 * What a change is to expect of the cluster.
 *
 * @param isWhole the change replaces or deletes what there is, so it has to say what it saw.
 */
export function changeOptions(
  limits: InventoryLimits,
  action: string,
  ifMatch: string,
  query: z.output<typeof changeQuery>,
  isWhole: boolean,
): ChangeOptions {
  const expected = expectedVersion(ifMatch);
  if (expected === null) throw badRequest(`If-Match: ${ifMatch.slice(0, 100)} is no version; "7" is one`);
  if (expected === undefined && isWhole) throw preconditionRequired();
  const expectedNumber = typeof expected === "number" ? expected : undefined;
  return { ...limits, action, expectedVersion: expectedNumber, allowRemoval: query.allow_removal === "true" };
}

export function changeAnswer({ name, version, changes, warnings }: ChangedCluster, status = 200): Answer {
  return { status, headers: { ETag: versionTag(version) }, json: { name, version, changes, warnings: warnings.map(requestProblem) } };
}
