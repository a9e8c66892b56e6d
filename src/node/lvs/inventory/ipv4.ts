/** IPv4 addresses as numbers from 0 to 2^32 - 1, and networks as the first and last of them. */
export interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

const octet = "(?:0|[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])";

/** The one form each address has: four decimal numbers without leading zeros. */
export const addressPattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);
export const networkPattern = new RegExp(`^${octet}(?:\\.${octet}){3}/(?:[0-9]|[12][0-9]|3[0-2])$`);

/** @param text an address in its canonical form. */
export function addressNumber(text: string): number {
  let value = 0;
  for (const part of text.split(".")) value = value * 256 + Number(part);
  return value;
}

export const addressText = (value: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");

/** The network of a prefix around an address. */
export function networkOf(address: number, prefix: number): Network {
  const size = 2 ** (32 - prefix);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, prefix };
}

export const networkText = ({ first, prefix }: Network): string => `${addressText(first)}/${prefix}`;

/** @param text in CIDR form; host bits are cut off. */
export function parseNetwork(text: string): Network {
  const [address = "", prefix = ""] = text.split("/");
  return networkOf(addressNumber(address), Number(prefix));
}

export const hasHostBits = (text: string): boolean => networkText(parseNetwork(text)) !== text;

/** The bits of a netmask, or undefined where its ones are not in one piece. */
export function prefixOf(netmask: string): number | undefined {
  const zeros = 2 ** 32 - addressNumber(netmask);
  const bits = Math.log2(zeros);
  return Number.isInteger(bits) ? 32 - bits : undefined;
}

export const netmaskText = (prefix: number): string => addressText(2 ** 32 - 2 ** (32 - prefix));

export const contains = ({ first, last }: Network, address: number): boolean => address >= first && address <= last;

export const overlap = (a: Network, b: Network): boolean => a.first <= b.last && b.first <= a.last;

/** Can one machine have it? Neither "this network", loopback, multicast nor reserved. */
export function isUnicast(address: number): boolean {
  const top = Math.floor(address / 2 ** 24);
  return top > 0 && top !== 127 && top < 224;
}

export const byAddress = (a: string, b: string): number => addressNumber(a) - addressNumber(b);
