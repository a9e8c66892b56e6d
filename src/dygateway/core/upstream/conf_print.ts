import type { Lookup } from "../lookup.ts";
import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";
import { addressOf, addressParts } from "./address.ts";
import { isPlainKey } from "./conf_variables.ts";
import type { Server, Upstream } from "./model.ts";
import { timeText } from "./parse_values.ts";
import { printBalance, printCheck, printKeepalive, printServer } from "./print.ts";

/** Idle connections of an upstream that does not say: as many as one of dygateway.yaml that does not say. */
export const KEEPALIVE = 64;

/** nginx starts with no upstream that has no server; this one it never asks. The port is the discard service's. */
const NOBODY = "server 127.0.0.1:9 down;";

/** What nginx has no parameter for. */
function remarks(server: Server, name: string): string {
  const said: string[] = [];
  if (name !== "") {
    said.push(name);
  }
  if (server.slowStart > 0) {
    said.push(`slow_start=${timeText(server.slowStart)}`);
  }
  if (server.drain) {
    said.push("drain");
  }
  if (server.out) {
    said.push("out of rotation");
  }
  return said.length === 0 ? "" : ` # ${said.join(", ")}`;
}

function serverLine(server: Server, address: string, name: string): string {
  const isDown = server.down || server.drain || server.out;
  const known = printServer({ ...server, address, slowStart: 0, down: isDown, drain: false, out: false });
  return `${known};${remarks(server, name)}`;
}

function serverLines(server: Server, resolved: Lookup<readonly string[]> | undefined): string[] {
  const { kind, host, port } = addressParts(server.address);
  if (kind !== "name" || resolved === undefined) {
    return [serverLine(server, server.address, "")];
  }
  const addresses = resolved[host] ?? [];
  return addresses.map((address) => serverLine(server, addressOf(address, port), server.address));
}

function balanceLine(upstream: Upstream): string {
  const { balance } = upstream;
  const text = printBalance(balance);
  return balance.kind === "hash" && !isPlainKey(balance.key) ? `# ${text} its variables are not known to every nginx` : text;
}

/**
 * The block of an upstream for a plain nginx; what nginx does not know stands in comments.
 *
 * @param resolved addresses of names, without brackets or ports; undefined: names stay, nginx resolves them as it starts.
 * @param pause is called for each server.
 */
export function printConfBlock(
  name: string,
  upstream: Upstream,
  resolved: Lookup<readonly string[]> | undefined,
  pause: Pause = noPause,
): string {
  const lines: string[] = [];
  const balance = balanceLine(upstream);
  if (balance !== "") {
    lines.push(balance);
  }
  let primaries = 0;
  for (const server of upstream.servers) {
    pause();
    const found = serverLines(server, resolved);
    primaries += server.backup ? 0 : found.length;
    for (const line of found) {
      lines.push(line);
    }
    if (found.length === 0) {
      lines.push(`# ${printServer(server)}; its address is not known`);
    }
  }
  if (primaries === 0) {
    lines.push(`${NOBODY} # no address of any primary server is known`);
  }
  const keepalive = upstream.keepalive ?? { connections: KEEPALIVE, timeout: undefined, requests: undefined };
  if (keepalive.connections > 0) {
    for (const line of printKeepalive(keepalive)) {
      lines.push(line);
    }
  } else {
    lines.push("# keepalive 0;");
  }
  if (upstream.check !== undefined) {
    lines.push(`# ${printCheck(upstream.check)}`);
  }
  return `upstream ${name} {\n    ${lines.join("\n    ")}\n}\n`;
}

/** What stands in the place of an upstream that was removed: requests for it are answered 502. */
export function printStandIn(name: string): string {
  return `upstream ${name} {\n    ${NOBODY} # it was removed\n}\n`;
}
