import type { IncomingHttpHeaders } from "node:http";
import { send, type HttpRequest } from "./http.ts";

export type Parameters = Readonly<Record<string, string | number | readonly string[]>>;

/** An answer of the admin interface, as text and read. */
export interface AdminAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Without the line break at its end. */
  readonly text: string;
  readonly code: number;
  readonly desc: string;
  readonly data: Data;
}

/** Loosely typed on purpose: tests compare it with what the contract says. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Data = any;

export interface AdminRequest extends HttpRequest {
  /** Sent as it is, where it is a text; as JSON otherwise. */
  readonly json?: unknown;
}

export function adminPath(action: string, parameters: Parameters = {}): string {
  const query = new URLSearchParams({ action });
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) {
      query.append(name, one);
    }
  }
  return `/ab_admin?${query.toString()}`;
}

/** Asks the admin interface; every answer must be the contract's envelope, whatever it says. */
export async function askAdmin(port: number, request: AdminRequest): Promise<AdminAnswer> {
  const { json } = request;
  const body = json === undefined ? request.body : typeof json === "string" ? json : JSON.stringify(json);
  const answer = await send(port, { ...request, ...(body === undefined ? {} : { body }) });
  const text = answer.text.trimEnd();
  let read: { code?: unknown; desc?: unknown; data?: unknown };
  try {
    read = JSON.parse(text) as typeof read;
  } catch {
    throw new Error(`the admin interface answered ${answer.status} and no JSON: ${text}`);
  }
  const { code, desc, data } = read;
  if (typeof code !== "number" || typeof desc !== "string") {
    throw new Error(`no envelope: ${text}`);
  }
  return { status: answer.status, headers: answer.headers, text, code, desc, data };
}
