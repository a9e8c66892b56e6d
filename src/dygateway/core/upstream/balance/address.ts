const DIGITS = "0123456789";

/** Where the port's digits begin in `host:port`, or -1 where there is no port. */
function portStart(address: string): number {
  let at = address.length;
  while (at > 0 && DIGITS.indexOf(address.charAt(at - 1)) >= 0) {
    at--;
  }
  return at > 1 && at < address.length && address.charAt(at - 1) === ":" ? at : -1;
}

/** An address in the two parts that nginx's `set_current_peer` takes; `unix:/path` is all host. */
export function hostAndPort(address: string): { host: string; port: number | undefined } {
  const at = address.startsWith("unix:") ? -1 : portStart(address);
  return at < 0 ? { host: address, port: undefined } : { host: address.slice(0, at - 1), port: Number(address.slice(at)) };
}
