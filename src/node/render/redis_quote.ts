import { UnquotableValue } from "./nginx_quote.ts";

export type RedisToken = string & { readonly redisToken: unique symbol };

/**
 * One argument of a redis.conf line (Redis: sdssplitargs): lines first, then words; in double quotes `\` escapes and
 * `\xHH` is a byte. Everything but plain characters is written as bytes.
 */
export function redisText(value: string): RedisToken {
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw new UnquotableValue(value, "holds a control character");
  if (/^[A-Za-z0-9_./:*@+~&#,=%-]+$/.test(value)) return value as RedisToken;
  let text = "";
  for (const byte of Buffer.from(value, "utf8")) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9_./:*@ -]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`;
  }
  return `"${text}"` as RedisToken;
}

export const redisNumber = (value: number): RedisToken => String(value) as RedisToken;
