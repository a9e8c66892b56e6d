import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePorts } from "../../spec/e2e/support/free_ports.ts";
import { until } from "../../spec/e2e/support/until.ts";
import { ask } from "./http.ts";
import type { Stand } from "./stand.ts";

export const backendNames = ["stable", "beta1", "beta2", "beta3", "beta4", "beta5", "beta6"] as const;

/** Upstream names and the port of each. */
export type BackendPorts = Readonly<Record<string, number>>;

const bodyBytes = 1024;

/** One nginx with one worker behind all upstreams: a port for each name, 1 KB, and `X-Backend` says which it was. */
export async function startBackend(stand: Stand, nginx: string, cpu: number | undefined): Promise<BackendPorts> {
  const ports = await freePorts(backendNames.length);
  const byName = Object.fromEntries(backendNames.map((name, i) => [name, ports[i] ?? 0]));
  const folder = join(stand.folder, "backend");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "nginx.conf"), configuration(folder, byName));
  await stand.start({ name: "the backend", file: nginx, args: ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")], cpu });
  for (const port of ports) {
    await until("the backend answers", async () => (await ask(port, {})).status === 200);
  }
  return byName;
}

function configuration(folder: string, ports: BackendPorts): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `    ${name}_temp_path ${folder}/${name};`);
  const servers = Object.entries(ports).map(
    ([name, port]) => `    server {
        listen 127.0.0.1:${port} backlog=4096;
        add_header X-Backend ${name};
        location / { return 200 "${name.padEnd(bodyBytes, ".")}"; }
    }`,
  );
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 8192; }
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
