import { canonicalAddress, isListenAddress, listenAddressOf, type Address } from "../../config/address.ts";
import { nginxText } from "../../render/nginx_quote.ts";
import { notAnAddress } from "../problems.ts";

/** Where a listen address of a template leads: on the nginx machine to itself, in a test to somewhere harmless. */
export interface Listens {
  readonly addressOf: (address: string | number) => string;
}

function parsed(address: string | number): Address {
  if (!isListenAddress(String(address))) throw new Error(notAnAddress(String(address)));
  return listenAddressOf(address);
}

export const realListens: Listens = {
  addressOf: (address) => {
    const place = parsed(address);
    return place.kind === "tcp" && place.host === "*" ? String(place.port) : nginxText(String(address));
  },
};

const firstTestPort = 20_000;

/**
 * One high port of loopback for every address: nginx binds what it tests, and the VIPs and small ports of an nginx
 * machine are not to be had here. A port that is in use does not matter to `nginx -t`.
 */
export function testListens(): Listens {
  const places = new Map<string, string>();
  return {
    addressOf: (address) => {
      const place = parsed(address);
      const key = canonicalAddress(place);
      const known = places.get(key);
      if (known !== undefined) return known;
      const port = firstTestPort + places.size;
      const free = place.kind === "unix" ? `unix:s${places.size}.sock` : `${place.host.startsWith("[") ? "[::1]" : "127.0.0.1"}:${port}`;
      places.set(key, free);
      return free;
    },
  };
}
