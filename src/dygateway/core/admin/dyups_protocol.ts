import type { GatewayError } from "../errors.ts";
import { checkUpstreamName } from "../upstream/name.ts";
import type { Server, Upstream } from "../upstream/model.ts";

/** What a request of the dyups protocol asks for. */
export type DyupsOperation =
  | { readonly kind: "list" }
  | { readonly kind: "detail" }
  /** The servers of an upstream. */
  | { readonly kind: "read"; readonly name: string }
  /** The body's servers are to be all that it has. */
  | { readonly kind: "replace"; readonly name: string }
  | { readonly kind: "remove"; readonly name: string };

/** A plain text. */
export interface DyupsAnswer {
  readonly status: number;
  readonly text: string;
}

export type DyupsRequest =
  | { readonly ok: true; readonly operation: DyupsOperation }
  | { readonly ok: false; readonly answer: DyupsAnswer };

/** The module's word for a change that is in force; without a line break. */
export const changed: DyupsAnswer = { status: 200, text: "success" };

const UPSTREAM = "/upstream/";

function refuse(status: number, words: string, reason: string): DyupsAnswer {
  return { status, text: `${words}\n${reason}\n` };
}

function notFound(reason: string): DyupsRequest {
  return { ok: false, answer: refuse(404, "not found", reason) };
}

export const methodRefused = (method: string): DyupsAnswer =>
  refuse(405, "not supported", `method ${method}: GET, POST or DELETE is expected`);

export const unknownUpstream = (name: string): DyupsAnswer => refuse(404, "not found", `there is no upstream '${name}'`);

/** A body that is not taken, or a change that the store refuses: what was in force stays. */
export const addFailed = (error: GatewayError): DyupsAnswer => refuse(500, "add server failed", error.desc);

export const removeFailed = (error: GatewayError): DyupsAnswer => refuse(500, "delete upstream failed", error.desc);

export const readFailed = (error: GatewayError): DyupsAnswer => refuse(500, "read upstream failed", error.desc);

export const accessRefused = (error: GatewayError): DyupsAnswer => ({ status: error.code, text: `${error.desc}\n` });

/**
 * Reads a request as ngx_http_dyups_module does.
 *
 * @param path decoded, without the query. @param prefix what stands before the protocol's own paths: `/dyups`, or "".
 */
export function readDyupsRequest(method: string, path: string, prefix: string): DyupsRequest {
  if (method !== "GET" && method !== "POST" && method !== "DELETE") {
    return { ok: false, answer: methodRefused(method) };
  }
  const own = path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : "";
  if (own === "/list" || own === "/detail") {
    return method === "GET"
      ? { ok: true, operation: { kind: own === "/list" ? "list" : "detail" } }
      : notFound(`${method} is possible for ${prefix}/upstream/NAME only`);
  }
  if (!own.startsWith(UPSTREAM)) {
    return notFound(`the paths are ${prefix}/list, ${prefix}/detail and ${prefix}/upstream/NAME`);
  }
  const name = own.slice(UPSTREAM.length);
  if (method === "POST") {
    return name === "" || name.indexOf("/") >= 0
      ? notFound(`${prefix}/upstream/NAME is expected`)
      : { ok: true, operation: { kind: "replace", name } };
  }
  // A name that cannot be is nobody's.
  const named = checkUpstreamName(name);
  if (!named.ok) {
    return notFound(named.error.desc);
  }
  return { ok: true, operation: { kind: method === "GET" ? "read" : "remove", name } };
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

export function listAnswer(names: readonly string[]): DyupsAnswer {
  return names.length === 0 ? { status: 204, text: "" } : { status: 200, text: lines(names) };
}

/** A server as the module shows it. It knows no drain and no server out of rotation: to it, both are down. */
function detailLine(server: Server): string {
  const isDown = server.down || server.drain || server.out;
  return (
    `server ${server.address} weight=${server.weight} max_conns=${server.maxConns} max_fails=${server.maxFails} ` +
    `fail_timeout=${server.failTimeout} backup=${server.backup ? 1 : 0} down=${isDown ? 1 : 0}`
  );
}

/** An upstream's part of the answer to `/detail`. @param upstream undefined where its definition cannot be read. */
export function detailBlock(name: string, upstream: Upstream | undefined): string {
  return lines([name, ...(upstream?.servers ?? []).map((server) => detailLine(server)), ""]);
}

export function detailAnswer(blocks: readonly string[]): DyupsAnswer {
  return { status: 200, text: blocks.join("") };
}

export function serversAnswer(upstream: Upstream): DyupsAnswer {
  return { status: 200, text: lines(upstream.servers.map((server) => `server ${server.address}`)) };
}
