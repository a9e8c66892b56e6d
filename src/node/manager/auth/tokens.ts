import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { roles, type Role } from "./roles.ts";

/**
 * A token is `dygw_<id>_<secret>`. The id finds its entry; the secret is 256 bits of chance, so what is stored of it can
 * be one plain sha256: there is no dictionary to try and nothing a slow hash would make slower than it is, while every
 * request is checked by it.
 */
const tokenPattern = /^dygw_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

export const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/, { error: "is not a token's name (letters, digits, _ . @ - ; up to 64)" });

export const tokenEntry = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  /** Stands in the audit stream as who changed something. */
  name: tokenName,
  role: z.enum(roles),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created: z.iso.datetime(),
  /** Valid until then; null: until it is revoked. */
  expires: z.iso.datetime().nullable(),
});
export type TokenEntry = z.infer<typeof tokenEntry>;

const hash = (token: string): Buffer => createHash("sha256").update(token).digest();

/** A new token; `text` is not kept anywhere. */
export function newToken(name: string, role: Role, now: Date, days: number | undefined): { text: string; entry: TokenEntry } {
  const id = randomBytes(6).toString("hex");
  const text = `dygw_${id}_${randomBytes(32).toString("base64url")}`;
  const expires = days === undefined ? null : new Date(now.getTime() + days * 86_400_000).toISOString();
  return { text, entry: { id, name, role, sha256: hash(text).toString("hex"), created: now.toISOString(), expires } };
}

/** The entry that a token belongs to, if there is one and it is still valid. */
export function entryOf(token: string, entries: readonly TokenEntry[], now: Date): TokenEntry | undefined {
  const id = tokenPattern.exec(token)?.[1];
  const entry = id === undefined ? undefined : entries.find((candidate) => candidate.id === id);
  if (entry === undefined || !timingSafeEqual(hash(token), Buffer.from(entry.sha256, "hex"))) return undefined;
  return entry.expires !== null && Date.parse(entry.expires) <= now.getTime() ? undefined : entry;
}
