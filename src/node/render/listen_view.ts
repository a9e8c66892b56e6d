import type { Address } from "../config/address.ts";
import type { Listener } from "../config/model.ts";
import { nginxText, type NginxToken } from "./nginx_quote.ts";
import type { Target } from "./target.ts";

/**
 * The arguments of a `listen`. What concerns the socket (backlog, reuseport) nginx accepts once for an address, so it
 * goes with `default_server`, of which there is exactly one too.
 */
export function listenArguments(listener: Listener, isDefault: boolean, target: Target): NginxToken[] {
  const flags = [
    ...(listener.tls ? ["ssl"] : []),
    ...(listener.http2 ? ["http2"] : []),
    ...(isDefault ? ["default_server"] : []),
    ...(isDefault && listener.backlog !== undefined ? [`backlog=${listener.backlog}`] : []),
    ...(isDefault && listener.reuseport ? ["reuseport"] : []),
  ];
  return [listenAddress(listener.address, target), ...flags.map(nginxText)];
}

export function listenAddress(address: Address, target: Target): NginxToken {
  if (address.kind === "unix") return nginxText(`unix:${target.created(address.path)}`);
  return nginxText(address.host === "*" ? String(address.port) : `${address.host}:${address.port}`);
}
