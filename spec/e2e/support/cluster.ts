import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { adminPath, askAdmin, type AdminAnswer, type AdminRequest, type Parameters } from "./admin_client.ts";
import { startBackends, type Backends } from "./backends.ts";
import { freePorts } from "./free_ports.ts";
import { gateway, render, usualNginx, type Gateway } from "./gateway.ts";
import { send, type HttpAnswer, type HttpRequest } from "./http.ts";
import { installAt, temporaryFolder } from "./installation.ts";
import { redisServer, type RedisLogin, type RedisServer } from "./redis_server.ts";
import { upToDate, type NodeStatus } from "./up_to_date.ts";
import { until } from "./until.ts";

export const WORKERS = 4;

type Section = Readonly<Record<string, unknown>>;

export interface ClusterOptions {
  /** Sections of dygateway.yaml, laid over the common ones key by key. */
  readonly config?: (cluster: Cluster) => Readonly<Record<string, unknown>>;
  /** The nginx to use; the one that rendering would choose unless told. */
  readonly nginx?: string;
  /** Redis on a TCP port of its own instead of a unix socket. */
  readonly tcp?: boolean;
  /** How the test itself logs in to Redis. */
  readonly redisLogin?: RedisLogin;
  /** Changes the installed tree, and writes files of the operator's own, before anything is rendered. */
  readonly prepare?: (cluster: Cluster) => void;
  /** What the test's own questions about the node's state need, such as a token. */
  readonly statusHeaders?: Readonly<Record<string, string>>;
  /** Runs while Redis is up and nginx is not. */
  readonly beforeGateway?: (redis: RedisServer) => Promise<unknown>;
}

/** Redis, five backends and a gateway with four workers, each in the same folder and on ports of their own. */
export class Cluster {
  readonly folder = temporaryFolder();
  readonly prefix = join(this.folder, "prefix");
  redis!: RedisServer;
  backends!: Backends;
  gateway!: Gateway;
  port = 0;
  adminPort = 0;
  private hosts = 0;
  private statusHeaders: Readonly<Record<string, string>> = {};

  async start(options: ClusterOptions): Promise<void> {
    installAt(this.prefix);
    this.statusHeaders = options.statusHeaders ?? {};
    const [port = 0, adminPort = 0, redisPort = 0] = await freePorts(3);
    this.port = port;
    this.adminPort = adminPort;
    this.backends = await startBackends();
    options.prepare?.(this);
    for (const name of ["data", "conf"]) {
      mkdirSync(join(this.folder, name), { recursive: true });
    }
    render(this.prefix, this.folder, this.configuration(options, redisPort));

    const conf = join(this.folder, "conf");
    nameWorkers(join(conf, "nginx.conf"));
    const socket = options.tcp === true ? { host: "127.0.0.1", port: redisPort } : { path: this.redisSocket };
    const redisConf = join(conf, "redis.conf");
    this.redis = redisServer(redisConf, join(this.folder, "redis.out"), { ...socket, ...options.redisLogin });
    await this.redis.start();
    await options.beforeGateway?.(this.redis);
    this.gateway = gateway(options.nginx ?? usualNginx(), conf, join(this.folder, "logs/error.log"), join(this.folder, "nginx.out"));
    this.gateway.start();
    await this.ready();
  }

  get redisSocket(): string {
    return join(this.folder, "redis.sock");
  }

  private configuration(options: ClusterOptions, redisPort: number): object {
    const { ports } = this.backends;
    const own = options.config?.(this) ?? {};
    const common: Record<string, Section> = {
      listeners: { http: { listen: `127.0.0.1:${this.port}`, reuseport: true } },
      upstreams: Object.fromEntries(Object.entries(ports).map(([name, at]) => [name, { servers: [`127.0.0.1:${at}`] }])),
      redis: {
        ...(options.tcp === true ? { host: "127.0.0.1", port: redisPort } : { unix_socket: this.redisSocket }),
        server: { data_dir: join(this.folder, "data"), unix_socket_perm: "777" },
      },
      admin: { listen: `127.0.0.1:${this.adminPort}` },
      workers: { processes: WORKERS, connections: 1024 },
      paths: {
        install: this.prefix,
        run: join(this.folder, "run"),
        logs: join(this.folder, "logs"),
        snapshot: join(this.folder, "snapshot"),
        ...(options.nginx === undefined ? {} : { nginx: options.nginx }),
      },
      logging: { level: "notice" },
    };
    const hosts = own["hosts"] ?? [
      { server_name: "any.test", default_server: true, hostkey: "$host", default_upstream: "stable" },
    ];
    const merged: Record<string, unknown> = { hosts };
    for (const name of new Set([...Object.keys(common), ...Object.keys(own)])) {
      const section = own[name];
      const isPlain = section === undefined || (typeof section === "object" && section !== null && !Array.isArray(section));
      merged[name] = isPlain ? { ...common[name], ...(section as Section | undefined) } : section;
    }
    return merged;
  }

  /** The store, where there is one, has been read, and every worker has what was read. */
  async ready(storeIsThere = true): Promise<void> {
    await until("every worker of the gateway follows Redis", async () => {
      const { data } = await this.admin("status", {}, undefined, { headers: this.statusHeaders });
      const confirmed = data.store.confirmed_ms_ago !== null || !storeIsThere;
      return upToDate(data as NodeStatus).length === WORKERS && confirmed;
    }, 10_000);
  }

  async stop(): Promise<void> {
    // Each part may be missing where starting failed half-way.
    await (this.gateway as Gateway | undefined)?.stop();
    await (this.redis as RedisServer | undefined)?.stop();
    await (this.backends as Backends | undefined)?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Nginx ends and starts again; what it holds in memory is gone. */
  async restart(storeIsThere = true): Promise<void> {
    await this.gateway.stop();
    this.gateway.start();
    await this.ready(storeIsThere);
  }

  /** A hostname that no other test uses. */
  newHost(): string {
    this.hosts++;
    return `h${this.hosts}.test`;
  }

  send(host: string, request: HttpRequest = {}): Promise<HttpAnswer> {
    return send(this.port, { ...request, headers: { Host: host, ...request.headers } });
  }

  /** The backend that answers a request. */
  async ask(host: string, request: HttpRequest = {}): Promise<string> {
    const answer = await this.send(host, request);
    return /^this is (\w+) server\n$/.exec(answer.text)?.[1] ?? `${answer.status} ${answer.text}`;
  }

  admin(action: string, parameters: Parameters = {}, json?: unknown, request: HttpRequest = {}): Promise<AdminAnswer> {
    const asked: AdminRequest = { path: adminPath(action, parameters), ...request, ...(json === undefined ? {} : { json }) };
    return askAdmin(this.adminPort, asked);
  }

  /** The same, for a step that must succeed. */
  async done(action: string, parameters: Parameters = {}, json?: unknown): Promise<AdminAnswer> {
    const answer = await this.admin(action, parameters, json);
    if (answer.code !== 200) {
      throw new Error(`${action}: ${answer.text}`);
    }
    return answer;
  }

  /** Puts policies in force, level 1 first. @returns their ids. */
  async divert(host: string, ...policies: object[]): Promise<number[]> {
    const levels = Object.fromEntries(policies.map((policy, i) => [`${i + 1}`, policy]));
    const { data } = await this.done("policygroup_set", {}, levels);
    await this.done("runtime_set", { hostname: host, policygroupid: data.groupid as number });
    return data.group as number[];
  }
}

/** Answers say who gave them. By hand: a file of ours that is included would be one that the renderer does not know. */
function nameWorkers(file: string): void {
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("include upstream.conf;", "add_header X-Worker $pid always;\n    include upstream.conf;"));
}

/** A cluster for all tests of a file or group; when one fails, the end of nginx's error log is shown. */
export function useCluster(options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster();
  beforeAll(async () => {
    try {
      await cluster.start(options);
    } catch (error) {
      console.error((cluster.gateway as Gateway | undefined)?.tail() ?? "nginx was not started");
      throw error;
    }
  });
  afterEach(({ task }) => {
    if (task.result?.state === "fail") {
      console.error(cluster.gateway.tail());
    }
  });
  afterAll(() => cluster.stop());
  return cluster;
}
