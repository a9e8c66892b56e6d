import { z } from "zod";
import * as scalar from "../../config/scalars.ts";
import { helperNames } from "../text/helper_names.ts";
import { hostTypes, isFilePath, layerNamePattern } from "./names.ts";

/** `tree.yaml`, `layer.yaml` and `host.yaml`. */

/** What templates call otherwise: `host`, `paths`, and every helper. */
const taken = ["host", "paths", "if", "unless", "each", "with", "this", "constructor", ...helperNames];

export const valueName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,63}$/, { error: "a value's name is small letters, digits and _" })
  .refine((name) => !taken.includes(name), { error: "templates have something else of this name" });

const describe = z.string().max(500).optional().describe("For the reader of tree.yaml");

const simple = ["text", "expression", "boolean", "size", "time", "listen", "network", "path", "server_name", "location", "upstream"] as const;
export type SimpleType = (typeof simple)[number];

/** What kind of value a name stands for; lists and records hold others. */
export type ValueType =
  | { readonly type: SimpleType }
  | { readonly type: "number"; readonly min?: number | undefined; readonly max?: number | undefined }
  | { readonly type: "choice"; readonly of: readonly string[] }
  | { readonly type: "list"; readonly of: ValueType }
  | { readonly type: "record"; readonly fields: Readonly<Record<string, ValueType & { readonly optional?: boolean | undefined }>> };

const alternatives = <Shape extends z.core.$ZodLooseShape>(extra: Shape) =>
  [
    z.strictObject({ type: z.enum(simple), ...extra }),
    z.strictObject({ type: z.literal("number"), min: z.int().optional(), max: z.int().optional(), ...extra }),
    z.strictObject({ type: z.literal("choice"), of: z.array(z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/)).min(1).max(100), ...extra }),
    z.strictObject({
      type: z.literal("list"),
      get of(): z.ZodType<ValueType> {
        return valueType;
      },
      ...extra,
    }),
    z.strictObject({
      type: z.literal("record"),
      get fields(): z.ZodType<Record<string, ValueType & { optional?: boolean | undefined }>> {
        return z.record(valueName, fieldType);
      },
      ...extra,
    }),
  ] as const;

const valueType = z.discriminatedUnion("type", alternatives({ describe })) as unknown as z.ZodType<ValueType>;
const fieldType = z.discriminatedUnion("type", alternatives({ describe, optional: z.boolean().optional() })) as unknown as z.ZodType<
  ValueType & { optional?: boolean | undefined }
>;
const declaration = z.discriminatedUnion(
  "type",
  alternatives({ describe, default: z.unknown().optional(), optional: z.boolean().optional() }),
) as unknown as z.ZodType<Declaration>;

export type Declaration = ValueType & { readonly default?: unknown; readonly optional?: boolean | undefined };

export const treeFile = z.strictObject({
  version: z.literal(1),
  paths: z
    .strictObject({
      logs: scalar.absolutePath.default("/var/log/nginx"),
      run: scalar.absolutePath.default("/run"),
      certificates: scalar.absolutePath.default("/etc/nginx/certificates"),
    })
    .prefault({})
    .describe("Folders of the nginx machines"),
  values: z.record(valueName, declaration).default({}),
});
export type TreeFile = z.infer<typeof treeFile>;

const values = z.record(z.string(), z.unknown()).default({});
const without = z
  .array(z.string().refine(isFilePath, { error: "is not a path of a file below files/" }))
  .default([])
  .describe("Files of earlier layers that this one leaves out");

export const layerFile = z.strictObject({ values, without });

const layerName = z.string().regex(layerNamePattern, { error: "is not a name of small letters, digits, _ and -" });

export const hostFile = z.strictObject({
  product: layerName.describe("Product line: products/<product>/"),
  type: z.enum(hostTypes).describe("Reached from the Internet, or from the intranet"),
  idc: layerName.describe("Datacentre: idcs/<idc>/"),
  values,
  without,
});
