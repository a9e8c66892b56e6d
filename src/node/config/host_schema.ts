import { z } from "zod";
import * as scalar from "./scalars.ts";

/** A value, or a list of such: operators write one name far more often than two. */
export function oneOrMore<T extends z.ZodType>(item: T): z.ZodUnion<readonly [T, z.ZodArray<T>]> {
  return z.union([item, z.array(item).min(1)]);
}

export const accessLogSchema = z.union([z.literal("off"), scalar.absolutePath]);

export const listenerSchema = z
  .strictObject({
    listen: scalar.listenAddress.describe("Address as nginx's `listen` has it: 80, 10.0.0.1:80, [::]:80, unix:/path"),
    tls: z.boolean().default(false).describe("Speak TLS here, with the certificate of each host"),
    http2: z.boolean().default(false).describe("Offer HTTP/2 (needs tls)"),
    backlog: z.int().min(1).max(65535).optional().describe("Length of the queue of pending connections"),
    reuseport: z.boolean().default(false).describe("One listening socket for each worker"),
  })
  .describe("One address that takes traffic");

export const proxySchema = z
  .strictObject({
    connect_timeout: scalar.time.optional().describe("Longest wait for a connection to the upstream (nginx: 60s)"),
    send_timeout: scalar.time.optional().describe("Longest pause while sending the request (nginx: 60s)"),
    read_timeout: scalar.time.optional().describe("Longest pause while reading the answer (nginx: 60s)"),
    buffering: z.boolean().optional().describe("false: pass the answer on as it comes (streams, server-sent events)"),
    max_body: scalar.byteSize.optional().describe("Largest request body, 0: unlimited (nginx: 1m)"),
  })
  .describe("How requests are passed on");

/** What a host sets for its locations and a location may set for itself. */
const diversion = {
  hostkey: scalar.hostkey
    .optional()
    .describe("Name under which the runtime is set; may contain $server_name and $host (default: first server name)"),
  default_upstream: scalar.upstreamName.optional().describe("Where a request goes when no policy matches"),
  divert: z.boolean().optional().describe("false: always the default upstream, without diversion (default: true)"),
  proxy: proxySchema.optional(),
};

export const locationSchema = z
  .strictObject({
    path: scalar.locationPath.describe("Path prefix, or the regular expression of match ~ and ~*"),
    match: z
      .enum(["prefix", "=", "^~", "~", "~*"])
      .default("prefix")
      .describe("nginx's location modifier; in YAML, write ~ in quotes"),
    ...diversion,
    include: oneOrMore(scalar.includePattern).optional().describe("nginx files of your own inside this location"),
  })
  .describe("One location of a host");

export const hostSchema = z
  .strictObject({
    server_name: oneOrMore(scalar.serverName).describe("Names this host answers to; the first is its main name"),
    name: scalar.hostFileName.optional().describe("Name of vhosts/<name>.conf (default: from the first server name)"),
    listeners: z.array(scalar.listenerName).min(1).optional().describe("Listeners it is served on (default: all)"),
    default_server: z
      .boolean()
      .default(false)
      .describe("Also answers requests for names that no host has (without one, they get a 404)"),
    ...diversion,
    tls: z
      .strictObject({
        certificate: scalar.absolutePath.describe("PEM file: certificate and its chain"),
        certificate_key: scalar.absolutePath.describe("PEM file: private key"),
        protocols: z
          .array(z.enum(["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]))
          .min(1)
          .default(["TLSv1.2", "TLSv1.3"]),
      })
      .optional()
      .describe("Certificate, for the listeners with tls"),
    access_log: accessLogSchema.optional().describe("off, or a file of its own (default: the common access log)"),
    include: oneOrMore(scalar.includePattern).optional().describe("nginx files of your own inside this server block"),
    locations: z
      .array(locationSchema)
      .min(1)
      .prefault([{ path: "/" }])
      .describe("Default: one location / with the settings of the host"),
  })
  .describe("One virtual host");
