import { hostRefused, originRefused, tokenRefused } from "../errors.ts";
import type { GatewayError } from "../errors.ts";
import type { AdminSettings } from "../settings.ts";

/** The headers of an admin request that say who sends it. */
export interface AdminRequestHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly secFetchSite: string | undefined;
  readonly authorization: string | undefined;
}

/** Compares all of both texts, however early they differ, so that the time it takes tells nothing about the token. */
export function equalInConstantTime(given: string, expected: string): boolean {
  let difference = given.length === expected.length ? 0 : 1;
  for (let i = 0; i < expected.length; i++) {
    const unit = i < given.length ? given.charCodeAt(i) : 0;
    difference = difference | (unit ^ expected.charCodeAt(i));
  }
  return difference === 0;
}

/** `name:port`, `[::1]:port` or a bare name, without the port and in lower case. */
function hostName(host: string): string {
  const bracket = host.indexOf("]");
  const colon = host.indexOf(":", bracket < 0 ? 0 : bracket);
  return (colon < 0 ? host : host.slice(0, colon)).toLowerCase();
}

const BEARER = "bearer ";

/**
 * Whether an admin request may be looked at. Changes are plain GETs, as they always were, so a page in an operator's
 * browser could send one: the Host must be the admin's own (which ends DNS rebinding), and what a browser sends for
 * another site is refused.
 *
 * @returns the refusal, or undefined.
 */
export function refuseAdminRequest(headers: AdminRequestHeaders, settings: AdminSettings): GatewayError | undefined {
  const host = headers.host ?? "";
  const isOwn = settings.hosts.some((name) => name.toLowerCase() === hostName(host));
  if (!isOwn) {
    return hostRefused(host);
  }
  const { origin, secFetchSite } = headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return originRefused(origin);
  }
  if (secFetchSite !== undefined && secFetchSite !== "same-origin" && secFetchSite !== "none") {
    return originRefused(secFetchSite);
  }
  if (settings.token === "") {
    return undefined;
  }
  const authorization = headers.authorization ?? "";
  const isBearer = authorization.slice(0, BEARER.length).toLowerCase() === BEARER;
  const given = isBearer ? authorization.slice(BEARER.length) : "";
  return equalInConstantTime(given, settings.token) ? undefined : tokenRefused();
}
