import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { askAdmin, adminPath } from "./admin_client.ts";
import type { Cluster } from "./cluster.ts";
import { freePorts } from "./free_ports.ts";
import { gateway, render, usualNginx, type Gateway } from "./gateway.ts";
import { temporaryFolder } from "./installation.ts";
import { upToDate, type NodeStatus } from "./up_to_date.ts";
import { until } from "./until.ts";

const WORKERS = 2;

export interface SecondGatewayOptions {
  /** Sections of dygateway.yaml beside the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** nginx directives and locations of its only host. */
  readonly include?: string;
  /** Of its keys in the cluster's Redis; the cluster's own unless given: then it is another node of the same. */
  readonly prefix?: string;
  /** Of its admin interface. */
  readonly token?: string;
}

/** Another gateway on a cluster's Redis. */
export interface SecondGateway {
  readonly port: number;
  readonly adminPort: number;
  readonly nginx: Gateway;
  readonly ready: () => Promise<void>;
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function startSecondGateway(cluster: Cluster, options: SecondGatewayOptions = {}): Promise<SecondGateway> {
  const folder = temporaryFolder();
  const [port = 0, adminPort = 0] = await freePorts(2);
  const conf = join(folder, "conf");
  mkdirSync(conf, { recursive: true });
  render(cluster.prefix, folder, {
    listeners: { http: { listen: `127.0.0.1:${port}`, reuseport: true } },
    upstreams: { stable: { servers: [`127.0.0.1:${cluster.backends.ports.stable}`] } },
    hosts: [
      {
        server_name: "any.test",
        default_server: true,
        hostkey: "$host",
        default_upstream: "stable",
        ...(options.include === undefined ? {} : { include: options.include }),
      },
    ],
    redis: { unix_socket: cluster.redisSocket, ...(options.prefix === undefined ? {} : { prefix: options.prefix }) },
    admin: { listen: `127.0.0.1:${adminPort}`, ...(options.token === undefined ? {} : { token: options.token }) },
    workers: { processes: WORKERS, connections: 1024 },
    paths: { install: cluster.prefix, run: join(folder, "run"), logs: join(folder, "logs"), snapshot: join(folder, "snapshot") },
    logging: { level: "notice" },
    ...options.config,
  });
  const nginx = gateway(usualNginx(), conf, join(folder, "logs/error.log"), join(folder, "nginx.out"));
  const ready = (): Promise<void> =>
    until("the second gateway follows Redis", async () => {
      const headers = { Authorization: `Bearer ${options.token ?? ""}` };
      const { data } = await askAdmin(adminPort, { path: adminPath("status"), headers });
      return upToDate(data as NodeStatus).length === WORKERS && data.store.confirmed_ms_ago !== null;
    }, 10_000);
  nginx.start();
  await ready();
  return {
    port,
    adminPort,
    nginx,
    ready,
    restart: async () => {
      await nginx.stop();
      nginx.start();
      await ready();
    },
    stop: async () => {
      await nginx.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
