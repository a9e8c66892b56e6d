import { createHash } from "node:crypto";
import { canonicalDocument } from "../inventory/canonical.ts";
import { asJson } from "../inventory/json_copy.ts";
import { parseLiteral } from "../inventory/literal.ts";
import type { ClusterDocument } from "../inventory/schema.ts";

/** The fields of a cluster's hash that make its document: the predecessor's six and ours. */
const documentFields = ["name", "type", "lbinfos", "vip2ws", "vipnets", "device", "dialect", "lb_kind", "scheduler", "ospf"] as const;

/** Fields that the predecessor stores as they are, without quotes. */
const plainFields: readonly string[] = ["name", "type", "device", "dialect", "lb_kind", "scheduler"];

/** Ours: the number of the version, and a sum over the other fields by which another tool's writes are seen. */
const versionField = "version";
const digestField = "digest";

export type Fields = ReadonlyMap<string, string>;

/** What a hash says. */
export interface StoredFields {
  /** As JSON would give it; not yet checked. Undefined where a field cannot be read. */
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly reason: string | undefined;
  /** The last version that was written with a number; 0: none was. */
  readonly version: number;
  /** Are the fields as that version left them? */
  readonly isAsWritten: boolean;
}

function digestOf(fields: Fields): string {
  const hash = createHash("sha256");
  for (const field of documentFields) {
    const text = fields.get(field);
    if (text !== undefined) hash.update(`${field} ${Buffer.byteLength(text)}\n${text}\n`);
  }
  return hash.digest("hex");
}

/** A hash's fields and values, of a version. What the document does not have is not among them. */
export function encodeFields(document: ClusterDocument, version: number): Fields {
  const canonical = canonicalDocument(document);
  const fields = new Map<string, string>();
  for (const field of documentFields) {
    const value = canonical[field];
    if (value !== undefined) fields.set(field, JSON.stringify(value));
  }
  const digest = digestOf(fields);
  return fields.set(versionField, `${version}`).set(digestField, JSON.stringify(digest));
}

/** Fields of ours that a document does not have and that are to be taken from the hash. */
export const absentFields = (fields: Fields): string[] => documentFields.filter((field) => !fields.has(field));

/** Reads JSON, and the predecessor's Python literals. Fields of others are left alone. */
export function decodeFields(fields: Fields): StoredFields {
  const version = Number(/^[1-9][0-9]{0,8}$/.exec(fields.get(versionField) ?? "")?.[0] ?? 0);
  const isAsWritten = version > 0 && fields.get(digestField) === JSON.stringify(digestOf(fields));
  const value: Record<string, unknown> = {};
  for (const field of documentFields) {
    const text = fields.get(field);
    if (text === undefined) continue;
    if (plainFields.includes(field) && !/^[ub]?["']/.test(text)) {
      value[field] = text;
      continue;
    }
    const read = readField(text);
    if (!read.ok) return { value: undefined, reason: `field ${field}, ${read.reason}`, version, isAsWritten };
    value[field] = read.value;
  }
  return { value, reason: undefined, version, isAsWritten };
}

type ReadField = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

function readField(text: string): ReadField {
  try {
    // What we wrote ourselves, many times as fast.
    return { ok: true, value: asJson(JSON.parse(text)) };
  } catch {
    const parsed = parseLiteral(text);
    if (parsed.ok) return { ok: true, value: parsed.literal.value };
    return { ok: false, reason: `character ${parsed.at + 1}: ${parsed.reason}` };
  }
}
