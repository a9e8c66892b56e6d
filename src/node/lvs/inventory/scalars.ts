import { z } from "zod";
import { addressPattern, networkPattern } from "./ipv4.ts";

/**
 * The smallest values of a cluster. Each is a whitelist: what is written into keepalived's and FRR's files, into scripts
 * and into file names has no character there that one of them could take for something else.
 */

type Issue = { readonly input?: unknown };

const notA = (what: string) => (issue: Issue) => `${JSON.stringify(issue.input)} is not ${what}`;

const matching = (pattern: RegExp, what: string): z.ZodString => z.string().max(1000).regex(pattern, { error: notA(what) });

export const clusterName = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/,
  "a cluster name (letters, digits, _ . - ; up to 63, the first a letter or digit)",
);

const label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";
const hostNamePattern = new RegExp(`^(?=.{1,253}$)(?!(?:[0-9]+\\.)*[0-9]+$)${label}(?:\\.${label})*$`);

export const hostname = matching(hostNamePattern, "a host name (letters, digits, - and . between labels)");

/** Its name where it has one; an address is pinned as it is. */
export const realServerName = matching(
  new RegExp(`${hostNamePattern.source}|${addressPattern.source}`),
  "a host name or an IPv4 address",
);

export const device = matching(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/,
  "a network device (letters, digits, _ . - ; up to 15 characters, as Linux has it)",
);

export const wstype = matching(
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
  "a wstype (letters, digits, _ - ; up to 63, the first a letter or digit)",
);

export const address = matching(addressPattern, "an IPv4 address (four numbers from 0 to 255, no leading zeros)");
export const network = matching(networkPattern, "a network (as 60.28.208.0/25)");

/** `a.b.c.227-254`, as keepalived has it, or one address. */
export const addressRange = matching(
  new RegExp(`${addressPattern.source.slice(0, -1)}(?:-[0-9]{1,3})?$`),
  "an IPv4 address or a range of them (as 10.0.19.227-254)",
);

/** 0 and more as a number, or dotted. */
export const area = z.union([
  z.int().min(0).max(2 ** 32 - 1),
  matching(addressPattern, "an OSPF area (a number, or dotted as 0.0.0.0)"),
]);

export const port = z.int().min(1).max(65535);
export const seconds = (least: number, most: number): z.ZodInt => z.int().min(least).max(most);

export const checkPath = matching(
  /^\/[A-Za-z0-9._~/%?=&+:@,-]{0,254}$/,
  "a path that begins with / (letters, digits, . _ ~ / % ? = & + : @ , - ; up to 255)",
);

export const digest = matching(/^[0-9a-f]{32}$/, "an md5 sum (32 digits 0-9 a-f)");

export const envName = matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "the name of an environment variable");
export const secretFile = matching(/^\/[A-Za-z0-9_./@+,=~-]{1,254}$/, "an absolute path (letters, digits, _ . / @ + , = ~ -)");
