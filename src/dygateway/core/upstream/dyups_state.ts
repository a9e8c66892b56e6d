import { parseDecimal } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";
import { KEEPALIVE } from "./conf_print.ts";
import type { Server, Upstream } from "./model.ts";
import { parseUpstreamBody } from "./parse.ts";
import { printBalance, printKeepalive, printServer } from "./print.ts";

/** A server as the module's `/detail` shows it; a field that a version of the module does not show is -1. */
export interface ShownServer {
  readonly address: string;
  readonly weight: number;
  readonly maxConns: number;
  readonly maxFails: number;
  readonly failTimeout: number;
  readonly backup: number;
  readonly down: number;
}

/** What the module should have of an upstream. */
export interface ModuleUpstream {
  /** What it is sent. */
  readonly body: string;
  /** What it should show. */
  readonly servers: readonly ShownServer[];
  /** Parts of the definition that it cannot be told. */
  readonly unknown: readonly string[];
}

export type ForModule =
  | { readonly ok: true; readonly upstream: ModuleUpstream }
  | { readonly ok: false; readonly reason: string };

/**
 * An upstream in the words of the module, which are nginx's. Names are sent as their addresses: the module would resolve
 * them itself, with all requests of its worker waiting. Keepalive is always said: the module drops it where it is not.
 *
 * @param resolved addresses of servers that are names, by `Server.address`.
 */
export function forModule(upstream: Upstream, resolved: Lookup<readonly string[]>): ForModule {
  const servers: Server[] = [];
  const unknown: string[] = [];
  const isUnknown = (what: string): void => {
    if (!unknown.includes(what)) {
      unknown.push(what);
    }
  };
  for (const server of upstream.servers) {
    if (server.slowStart > 0) {
      isUnknown("slow_start");
    }
    const down = server.down || server.drain || server.out;
    for (const address of resolved[server.address] ?? [server.address]) {
      servers.push({ ...server, address, slowStart: 0, down, drain: false, out: false });
    }
  }
  if (upstream.check !== undefined) {
    isUnknown("check");
  }
  if (!servers.some((server) => !server.backup)) {
    return { ok: false, reason: "no address of any primary server is known" };
  }
  const keepalive = upstream.keepalive ?? { connections: KEEPALIVE, timeout: undefined, requests: undefined };
  const statements = [printBalance(upstream.balance)].filter((statement) => statement !== "");
  for (const server of servers) {
    statements.push(`${printServer(server)};`);
  }
  if (keepalive.connections > 0) {
    for (const statement of printKeepalive(keepalive)) {
      statements.push(statement);
    }
  }
  return { ok: true, upstream: { body: statements.join(" "), servers: servers.map((server) => shown(server)), unknown } };
}

/**
 * The module's `/detail` shows neither keepalive nor strategy: one that was reloaded, and has the same servers of its own
 * configuration, looks as it should be. This upstream it has from nobody else, so that it misses it then.
 */
export const MARKER = "dygateway_told";
const MARKER_BODY = "server 127.0.0.1:9 down;";

export function markerUpstream(): ModuleUpstream {
  const parsed = parseUpstreamBody(MARKER_BODY, noPause);
  const servers = parsed.ok ? parsed.value.servers.map((server) => shown(server)) : [];
  return { body: MARKER_BODY, servers, unknown: [] };
}

function shown(server: Server): ShownServer {
  const { address, weight, maxConns, maxFails, failTimeout } = server;
  return { address, weight, maxConns, maxFails, failTimeout, backup: server.backup ? 1 : 0, down: server.down ? 1 : 0 };
}

export type ReadDetail =
  | { readonly ok: true; readonly upstreams: Lookup<readonly ShownServer[]> }
  | { readonly ok: false; readonly reason: string };

function readServer(line: string): ShownServer {
  const words = line.split(" ").filter((word) => word !== "");
  const numbers: Lookup<number> = lookup();
  for (const word of words.slice(2)) {
    const equals = word.indexOf("=");
    numbers[word.slice(0, equals)] = parseDecimal(word.slice(equals + 1));
  }
  const number = (name: string): number => numbers[name] ?? -1;
  return {
    address: words[1] ?? "",
    weight: number("weight"),
    maxConns: number("max_conns"),
    maxFails: number("max_fails"),
    failTimeout: number("fail_timeout"),
    backup: number("backup"),
    down: number("down"),
  };
}

/** Reads the answer to `/detail`: for each upstream its name, a line a server, an empty line. */
export function readDetail(text: string, pause: Pause): ReadDetail {
  const upstreams: Lookup<readonly ShownServer[]> = lookup();
  let servers: ShownServer[] | undefined;
  for (const raw of text.split("\n")) {
    pause();
    const line = raw.trim();
    if (line === "") {
      servers = undefined;
    } else if (servers === undefined) {
      if (line.indexOf(" ") >= 0 || line.startsWith("<")) {
        return { ok: false, reason: `its /detail is not that of a dyups interface: ${line.slice(0, 60)}` };
      }
      servers = [];
      upstreams[line] = servers;
    } else if (line.startsWith("server ")) {
      servers.push(readServer(line));
    } else {
      return { ok: false, reason: `its /detail is not that of a dyups interface: ${line.slice(0, 60)}` };
    }
  }
  return { ok: true, upstreams };
}
