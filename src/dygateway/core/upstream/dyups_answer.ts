import { parseDecimal } from "../decimal.ts";
import { bodyForm, bodyReceived, statusOf } from "./health_probe.ts";

/** Where a dyups interface is. */
export interface DyupsPlace {
  /** IPv6 in brackets. */
  readonly host: string;
  readonly port: number;
  /** What stands before `/list`; "" for nothing. */
  readonly path: string;
}

const SCHEME = "http://";
const DEFAULT_PORT = 80;

/** @param url as the settings have it: http://host:port/path. */
export function dyupsPlace(url: string): DyupsPlace {
  const rest = url.slice(SCHEME.length);
  const slash = rest.indexOf("/");
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const path = slash < 0 ? "" : rest.slice(slash);
  const bracket = authority.indexOf("]");
  const colon = authority.indexOf(":", bracket < 0 ? 0 : bracket);
  const port = colon < 0 ? DEFAULT_PORT : parseDecimal(authority.slice(colon + 1));
  return {
    host: colon < 0 ? authority : authority.slice(0, colon),
    port,
    path: path.endsWith("/") ? path.slice(0, path.length - 1) : path,
  };
}

/** A request that its answer ends the connection of: HTTP/1.0 knows no pieces. */
export function dyupsRequest(place: DyupsPlace, method: string, path: string, body: string): string {
  const length = method === "POST" ? `Content-Length: ${body.length}\r\n` : "";
  return (
    `${method} ${place.path}${path} HTTP/1.0\r\nHost: ${place.host}:${place.port}\r\n` +
    `User-Agent: dygateway\r\n${length}Connection: close\r\n\r\n${body}`
  );
}

export type DyupsReply =
  | { readonly ok: true; readonly status: number; readonly text: string }
  | { readonly ok: false; readonly reason: string };

/** @param raw all that came until the connection ended. */
export function readReply(raw: string): DyupsReply {
  const lineEnd = raw.indexOf("\r\n");
  const status = lineEnd < 0 ? -1 : statusOf(raw.slice(0, lineEnd));
  const headersEnd = raw.indexOf("\r\n\r\n");
  if (status < 0 || headersEnd < 0) {
    return { ok: false, reason: raw === "" ? "the connection was closed without an answer" : "the answer is not HTTP" };
  }
  const form = bodyForm(raw.slice(lineEnd + 2, Math.max(headersEnd, lineEnd + 2)).split("\r\n"));
  const { text, ended } = bodyReceived(raw.slice(headersEnd + 4), form);
  if (!ended && (form.chunked || form.length !== undefined)) {
    return { ok: false, reason: "the answer was cut off" };
  }
  return { ok: true, status, text };
}
