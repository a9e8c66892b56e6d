import { z } from "zod";
import { isListenAddress } from "../../config/address.ts";
import * as scalar from "../../config/scalars.ts";
import { notAnAddress } from "../problems.ts";
import type { SimpleType, ValueType } from "./tree_file.ts";

const printableText = z
  .string()
  .max(2000)
  .regex(/^[^\p{Cc}\p{Cs}$]*$/u, { error: "is not a text without control characters and $ (type: expression allows $)" });

const listen = z.union([
  scalar.portNumber,
  z
    .string()
    .max(200)
    .refine((text) => isListenAddress(text), { error: (issue) => notAnAddress(String(issue.input)) }),
]);

/** A path of the nginx machine; relative ones are found beside nginx.conf, or below nginx' prefix. */
const path = z
  .string()
  .max(500)
  .regex(/^(?!.*(?:^|\/)\.\.(?:\/|$))[^\p{C}\p{Z}$;{}"'\\#]+$/u, { error: "is not a path (no .. and no blanks, quotes, $ ; { })" });

const simpleSchemas: Readonly<Record<SimpleType, z.ZodType>> = {
  text: printableText,
  expression: z
    .string()
    .max(2000)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: "is not a text without control characters" }),
  boolean: z.boolean(),
  size: scalar.byteSize,
  time: scalar.time,
  listen,
  network: scalar.network,
  path,
  server_name: scalar.serverName,
  location: scalar.locationPath,
  upstream: scalar.upstreamName,
};

const longestList = 1000;

/** The check of one declared value, strict all the way down. */
export function schemaOf(type: ValueType): z.ZodType {
  switch (type.type) {
    case "number": {
      const number = z.int();
      const atLeast = type.min === undefined ? number : number.min(type.min);
      return type.max === undefined ? atLeast : atLeast.max(type.max);
    }
    case "choice":
      return z.enum(type.of);
    case "list":
      return z.array(schemaOf(type.of)).max(longestList);
    case "record":
      return z.strictObject(
        Object.fromEntries(
          Object.entries(type.fields).map(([name, field]) => {
            const schema = schemaOf(field);
            return [name, field.optional === true ? schema.optional() : schema];
          }),
        ),
      );
    default:
      return simpleSchemas[type.type];
  }
}
