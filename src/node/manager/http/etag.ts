/** Does an If-None-Match say that the client has this already? Weak and strong tags count alike here (RFC 9110, 13.1.2). */
export function hasAlready(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === "*") return true;
  return (ifNoneMatch.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => tag.replace(/^W\//, "") === etag);
}

/** The version that an If-Match names; "any" for `*`, undefined where there is none, null where it is none of ours. */
export function expectedVersion(ifMatch: string): number | "any" | undefined | null {
  const text = ifMatch.trim();
  if (text === "") return undefined;
  if (text === "*") return "any";
  const digits = /^"([0-9]{1,9})"$/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

export const versionTag = (version: number): string => `"${version}"`;
