import { parseDecimal } from "../decimal.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import type { Pause } from "../result.ts";
import { parseIpv4, parseIpv6 } from "../userinfo/address.ts";
import { ipv6Text } from "./address.ts";

export interface Nameserver {
  /** An IP address; IPv6 in brackets, as nginx's sockets want it. */
  readonly host: string;
  readonly port: number;
}

/** resolv.conf(5), as far as it counts here. */
export interface DnsConfig {
  readonly nameservers: readonly Nameserver[];
  readonly search: readonly string[];
  /** A name with fewer dots is looked for in the search domains first. */
  readonly ndots: number;
}

const DNS_PORT = 53;
/** What glibc takes at most. */
const MOST_NAMESERVERS = 3;
const MOST_DOTS = 15;

export function isIpv4(text: string): boolean {
  return parseIpv4(text, 0) >= 0;
}

/** The one form of an IP address, without brackets; undefined for any other text. */
export function canonicalIp(text: string): string | undefined {
  if (isIpv4(text)) {
    return text;
  }
  const digits = parseIpv6(text);
  return digits === undefined ? undefined : ipv6Text(digits);
}

/** `10.0.0.1`, `10.0.0.1:5353`, `::1`, `[::1]`, `[::1]:5353`; undefined for what is no address of a server. */
export function parseNameserver(text: string): Nameserver | undefined {
  if (parseIpv6(text) !== undefined) {
    return { host: `[${text}]`, port: DNS_PORT };
  }
  const bracket = text.startsWith("[") ? text.indexOf("]") : -1;
  const colon = text.indexOf(":", Math.max(bracket, 0));
  const host = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? DNS_PORT : parseDecimal(text.slice(colon + 1));
  const isAddress = bracket > 0 ? parseIpv6(host.slice(1, host.length - 1)) !== undefined : isIpv4(host);
  return isAddress && port >= 1 && port <= 65535 ? { host, port } : undefined;
}

/** The words of a line up to a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = "";
  for (let i = 0; i < line.length; i++) {
    const character = line.charAt(i);
    if (character === "#" || character === ";") {
      break;
    }
    if (character === " " || character === "\t" || character === "\r") {
      if (word !== "") {
        words.push(word);
      }
      word = "";
    } else {
      word += character;
    }
  }
  if (word !== "") {
    words.push(word);
  }
  return words;
}

/** Reads resolv.conf(5); what it does not understand it skips, as the system does. */
export function parseResolvConf(lines: readonly string[]): DnsConfig {
  const nameservers: Nameserver[] = [];
  let search: string[] = [];
  let ndots = 1;
  for (const line of lines) {
    const words = wordsOf(line);
    const rest = words.slice(1);
    if (words[0] === "nameserver") {
      const nameserver = parseNameserver(rest[0] ?? "");
      if (nameserver !== undefined && nameservers.length < MOST_NAMESERVERS) {
        nameservers.push(nameserver);
      }
    } else if (words[0] === "search" || words[0] === "domain") {
      search = rest;
    } else if (words[0] === "options") {
      for (const option of rest) {
        const dots = option.startsWith("ndots:") ? parseDecimal(option.slice(6)) : -1;
        ndots = dots >= 0 ? Math.min(dots, MOST_DOTS) : ndots;
      }
    }
  }
  return { nameservers, search, ndots };
}

/** The addresses of hosts(5) by name in lower case. */
export function parseHosts(lines: readonly string[], pause: Pause): Lookup<string[]> {
  const hosts: Lookup<string[]> = lookup();
  for (const line of lines) {
    pause();
    const words = wordsOf(line);
    const address = canonicalIp(words[0] ?? "");
    if (address !== undefined) {
      for (const name of words.slice(1)) {
        const key = name.toLowerCase();
        const addresses = hosts[key] ?? [];
        if (!addresses.includes(address)) {
          addresses.push(address);
        }
        hosts[key] = addresses;
      }
    }
  }
  return hosts;
}

/** The full names to ask for, in turn, until one is known. */
export function candidates(name: string, config: DnsConfig): string[] {
  if (name.endsWith(".")) {
    return [name.slice(0, name.length - 1)];
  }
  const inDomains: string[] = [];
  for (const domain of config.search) {
    if (domain !== ".") {
      inDomains.push(`${name}.${domain}`);
    }
  }
  const dots = name.split(".").length - 1;
  return dots >= config.ndots ? [name, ...inDomains] : [...inDomains, name];
}
