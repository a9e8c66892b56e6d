const sizeUnits: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
const timeUnitsMs: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export type ByteSize = number | string;
export type Time = number | string;

export const isByteSize = (text: string): boolean => /^[0-9]{1,9}[kKmMgG]?$/.test(text);
export const isTime = (text: string): boolean => /^[0-9]{1,9}(?:ms|s|m|h|d)?$/.test(text);
/** nginx reads some times (`fail_timeout`) in whole seconds only. */
export const isSeconds = (text: string): boolean => /^[0-9]{1,9}[smhd]?$/.test(text);

/** Units as nginx has them: `k`, `m`, `g` are powers of 1024. */
export function bytesOf(size: ByteSize): number {
  if (typeof size === "number") return size;
  const [, digits = "0", unit = ""] = /^([0-9]+)([a-z]?)$/.exec(size.toLowerCase()) ?? [];
  return Number(digits) * (sizeUnits[unit] ?? 1);
}

/** A time without a unit is in seconds, as in nginx. */
export function millisecondsOf(time: Time): number {
  if (typeof time === "number") return time * 1000;
  const [, digits = "0", unit = ""] = /^([0-9]+)([a-z]*)$/.exec(time) ?? [];
  return Number(digits) * (timeUnitsMs[unit === "" ? "s" : unit] ?? 1000);
}

/** The shortest exact form that every nginx size directive reads (shared dicts do not know `g`). */
export function nginxSize(size: ByteSize): string {
  const bytes = bytesOf(size);
  if (bytes > 0 && bytes % 1024 ** 2 === 0) return `${bytes / 1024 ** 2}m`;
  if (bytes > 0 && bytes % 1024 === 0) return `${bytes / 1024}k`;
  return String(bytes);
}

export function nginxTime(time: Time): string {
  const ms = millisecondsOf(time);
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
