import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../spec/e2e/support/free_ports.ts";
import { until } from "../../spec/e2e/support/until.ts";
import { ask } from "./http.ts";
import type { Program, Stand } from "./stand.ts";

export const backendNames = ["stable", "beta1", "beta2", "beta3", "beta4", "beta5", "beta6"] as const;

/** Upstream names and the port of each. */
export type BackendPorts = Readonly<Record<string, number>>;

const bodyBytes = 1024;

/** One nginx with one worker behind all upstreams: a port for each name, 1 KB, and `X-Backend` says which it was. */
export async function startBackend(stand: Stand, nginx: string, cpu: number | undefined): Promise<BackendPorts> {
  const { ports } = await start(stand, nginx, cpu, "backend", Object.fromEntries(backendNames.map((name) => [name, ["127.0.0.1"]])));
  return ports;
}

/** Many servers for a few upstreams: each is an address of its own of the loopback network. */
export interface PeersBackend {
  /** `host:port` of so many servers of an upstream. */
  readonly servers: (name: string, count: number, from?: number) => string[];
  /** How many connections it has accepted, except those that asked. */
  readonly accepted: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/**
 * As the backend, with so many addresses for each name; `X-Peer` says which it was.
 *
 * @param name of its folder.
 */
export async function startPeers(
  stand: Stand,
  nginx: string,
  cpu: number | undefined,
  name: string,
  counts: Readonly<Record<string, number>>,
): Promise<PeersBackend> {
  const addresses = Object.fromEntries(Object.entries(counts).map(([upstream, count]) => [upstream, Array.from({ length: count }, (_, i) => loopback(i))]));
  const { ports, program } = await start(stand, nginx, cpu, name, addresses);
  const [firstPort = 0] = Object.values(ports);
  let asked = 0;
  return {
    servers: (upstream, count, from = 0) => Array.from({ length: count }, (_, i) => `${loopback(from + i)}:${ports[upstream] ?? 0}`),
    accepted: async () => {
      const { text } = await ask(firstPort, { path: "/accepted" });
      asked++;
      return Number(text) - asked;
    },
    stop: () => program.stop(),
  };
}

const hosts = 250;

/** 127.0.0.1, 127.0.0.2 and so on; none ends in 0 or 255. */
function loopback(index: number): string {
  return `127.${Math.floor(index / hosts / 256)}.${Math.floor(index / hosts) % 256}.${(index % hosts) + 1}`;
}

async function start(
  stand: Stand,
  nginx: string,
  cpu: number | undefined,
  name: string,
  addresses: Readonly<Record<string, readonly string[]>>,
): Promise<{ readonly ports: BackendPorts; readonly program: Program }> {
  const names = Object.keys(addresses);
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((upstream, i) => [upstream, free[i] ?? 0]));
  const folder = join(stand.folder, name);
  mkdirSync(folder, { recursive: true });
  const servers = names.map((upstream) => server(upstream, (addresses[upstream] ?? []).map((address) => `${address}:${ports[upstream] ?? 0}`)));
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, servers));
  const program = await stand.start({ name: "the backend", file: nginx, args: ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")], cpu });
  for (const port of free) {
    await until("the backend answers", async () => (await ask(port, {})).status === 200);
  }
  return { ports, program };
}

/** `$connection` is the number of connections that this nginx has had; as a backend it makes none of its own. */
function server(name: string, places: readonly string[]): string {
  const listens = places.map((place) => `        listen ${place} backlog=4096;`);
  const peer = places.length === 1 ? "" : "\n        add_header X-Peer $server_addr;";
  return `    server {
${listens.join("\n")}
        add_header X-Backend ${name};${peer}
        location / { return 200 "${name.padEnd(bodyBytes, ".")}"; }
        location = /accepted { return 200 "$connection"; }
    }`;
}

function configuration(folder: string, servers: readonly string[]): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `    ${name}_temp_path ${folder}/${name};`);
  return `daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 16384; }
http {
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
${temporary.join("\n")}
${servers.join("\n")}
}
`;
}
