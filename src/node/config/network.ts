import { isIPv4, isIPv6 } from "node:net";

/** An address, a network in CIDR form, or `unix:` for peers on a unix socket. */
export function isNetwork(text: string): boolean {
  if (text === "unix:") return true;
  const [address = "", bits, ...more] = text.split("/");
  if (more.length > 0 || address.includes("%")) return false;
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return most !== -1 && (bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= most));
}
