import { isIP, isIPv4, isIPv6 } from "node:net";

/** Where something listens or is reached: the forms nginx knows. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number | null }
  | { readonly kind: "unix"; readonly path: string };

const hostName = /^(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]*)(?:\.[A-Za-z0-9_-]+)*\.?$/;
const socketPath = /^\/[A-Za-z0-9_./@+,=~-]{1,106}$/;

/** IPv6 stands in brackets, as everywhere in nginx. `null`: not an address. */
export function parseAddress(value: string | number): Address | null {
  if (typeof value === "number") return { kind: "tcp", host: "*", port: value };
  if (value.startsWith("unix:")) {
    const path = value.slice("unix:".length);
    return socketPath.test(path) ? { kind: "unix", path } : null;
  }
  const parts = /^(\[[^\]]*\]|[^:[\]]*)(?::([0-9]{1,5}))?$/.exec(value);
  if (parts === null) return null;
  const [, host = "", digits] = parts;
  const port = digits === undefined ? null : Number(digits);
  if (port !== null && (port < 1 || port > 65535)) return null;
  return isHost(host) ? { kind: "tcp", host: host.toLowerCase(), port } : null;
}

function isHost(host: string): boolean {
  if (host.startsWith("[")) return isIPv6(host.slice(1, -1)) && !host.includes("%");
  if (host === "*") return true;
  // 1.2.3 or 300.1.1.1 is a mistyped address, not a name.
  return /^[0-9.]+$/.test(host) ? isIPv4(host) : hostName.test(host);
}

export function isListenAddress(value: string): boolean {
  if (/^[0-9]+$/.test(value)) return isPort(value);
  const address = parseAddress(value);
  return address !== null && (address.kind === "unix" || address.port !== null);
}

export function isServerAddress(value: string): boolean {
  const address = parseAddress(value);
  return address !== null && (address.kind === "unix" || address.host !== "*");
}

/** An IP address, with a port or without. */
export function isResolverAddress(value: string): boolean {
  const address = parseAddress(value);
  return address?.kind === "tcp" && (isIPv4(address.host) || address.host.startsWith("["));
}

const isPort = (digits: string): boolean => digits.length <= 5 && Number(digits) >= 1 && Number(digits) <= 65535;

/** A listen address; a port alone means every address of the machine, as in nginx. */
export function listenAddressOf(value: string | number): Address {
  const address = parseAddress(typeof value === "string" && /^[0-9]+$/.test(value) ? Number(value) : value);
  if (address === null) throw new Error(`not a listen address, the schema should have refused it: ${value}`);
  return address;
}

/** One form for all ways to write the same address, so that doubles are seen. */
export function canonicalAddress(address: Address): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  const host = address.host === "0.0.0.0" ? "*" : address.host;
  return `${host}:${address.port ?? 80}`;
}

/** Can only this machine connect to it? */
export function isLoopback(address: Address): boolean {
  if (address.kind === "unix") return true;
  if (address.host === "localhost") return true;
  if (isIPv4(address.host)) return address.host.startsWith("127.");
  return isIP(address.host.slice(1, -1)) === 6 && new URL(`http://${address.host}`).hostname === "[::1]";
}
