import { z } from "zod";
import { defaultTrustedProxies } from "../../dygateway/core/userinfo/client_address.ts";
import { dynamicUpstreamsSchema } from "./dynamic_upstreams_schema.ts";
import { accessLogSchema, hostSchema, listenerSchema, oneOrMore } from "./host_schema.ts";
import { managerSchema } from "./manager_schema.ts";
import { lvsSchema } from "./lvs_schema.ts";
import { redisSchema } from "./redis_schema.ts";
import * as scalar from "./scalars.ts";
import { upstreamSchema } from "./upstream_schema.ts";

const adminSchema = z
  .strictObject({
    listen: scalar.listenAddress.default("127.0.0.1:8080").describe("Reachable from other machines only with a token"),
    token: scalar.adminToken.optional().describe("Every request then needs `Authorization: Bearer <token>`"),
    token_env: scalar.envName.optional().describe("Environment variable, read when rendering"),
    token_file: scalar.absolutePath.optional().describe("File, read when rendering"),
    hosts: z
      .array(scalar.headerHost)
      .min(1)
      .optional()
      .describe("Names in the Host header that are the admin's (default: loopback names and the listen address)"),
    max_body: scalar.byteSize.default("64m").describe("Largest request body"),
  })
  .describe("The administration interface: /ab_admin, /dyupsc_admin, /dyups");

const workersSchema = z
  .strictObject({
    processes: z.union([z.literal("auto"), z.int().min(1).max(1024)]).default("auto"),
    connections: z.int().min(16).max(1_000_000).default(10_240).describe("Of each worker"),
    open_files: z.int().min(64).max(10_000_000).optional().describe("Descriptors of each worker (default: 2 x connections)"),
    user: scalar.userName.optional().describe("User of the workers when nginx is started by root (default: detected)"),
    shared_dict: scalar.byteSize.default("64m").describe("Memory that the workers share"),
    shutdown_timeout: scalar.time.optional().describe("Longest time old workers live on after a reload"),
  })
  .describe("The nginx processes");

const pathsSchema = z
  .strictObject({
    install: scalar.absolutePath.optional().describe("Where dygateway is installed (default: detected)"),
    run: scalar.absolutePath.default("/run/dygateway").describe("pid files and temporary files"),
    logs: scalar.absolutePath.default("/var/log/dygateway"),
    snapshot: scalar.absolutePath.default("/var/lib/dygateway/snapshot").describe("Last good state of the gateway"),
    upstreams: scalar.absolutePath
      .optional()
      .describe("Where upstream.conf lies if the workers write it (default: upstreams, beside snapshot)"),
    nginx: scalar.absolutePath.optional().describe("nginx binary (default: OpenResty's, else nginx in PATH)"),
    modules: scalar.absolutePath.optional().describe("Folder of nginx' dynamic modules (default: asked from nginx)"),
    mime_types: scalar.absolutePath.optional().describe("mime.types to include (default: nginx' own)"),
  })
  .describe("Files and folders");

const loggingSchema = z
  .strictObject({
    access: accessLogSchema.optional().describe("off, or a file (default: access.log in paths.logs)"),
    error: scalar.absolutePath.optional().describe("A file (default: error.log in paths.logs)"),
    level: z.enum(["debug", "info", "notice", "warn", "error", "crit"]).default("warn").describe("Of the error log"),
  })
  .describe("Logs of nginx");

/** The whole of dygateway.yaml. Nothing is transformed here, so that the JSON Schema says the same to editors. */
export const configSchema = z
  .strictObject({
    listeners: z
      .record(scalar.listenerName, z.union([scalar.listenAddress, listenerSchema]))
      .prefault({ http: 80 })
      .describe("Addresses that take traffic, by a name of your choice"),
    hosts: z.array(hostSchema).min(1).describe("Virtual hosts"),
    upstreams: z
      .record(scalar.upstreamName, upstreamSchema)
      .describe("Upstreams by name, until one is changed at run time"),
    dynamic_upstreams: dynamicUpstreamsSchema.prefault({}),
    redis: redisSchema.prefault({}),
    admin: adminSchema.prefault({}),
    workers: workersSchema.prefault({}),
    paths: pathsSchema.prefault({}),
    logging: loggingSchema.prefault({}),
    manager: managerSchema.prefault({}),
    trusted_proxies: z
      .array(scalar.network)
      .default([...defaultTrustedProxies])
      .describe("Peers whose X-Real-IP and X-Forwarded-For are believed"),
    divtypes: z
      .record(scalar.luaName, scalar.luaName)
      .default({})
      .describe("Diversion types of your own: divtype -> its userinfo parser"),
    lvs: lvsSchema.prefault({}),
    include: oneOrMore(scalar.includePattern).optional().describe("nginx files of your own at the http level"),
  })
  .meta({ title: "dygateway.yaml" });

export type Config = z.infer<typeof configSchema>;
export type HostConfig = Config["hosts"][number];
export type LocationConfig = HostConfig["locations"][number];
export type ProxyConfig = NonNullable<LocationConfig["proxy"]>;
export type UpstreamConfig = Config["upstreams"][string];
export type ListenerConfig = z.infer<typeof listenerSchema>;

/** For editors: completion, hover texts, and errors as one types. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(configSchema, { io: "input" }) };
}
