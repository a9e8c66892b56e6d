import { mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gateway, usualNginx } from "./gateway.ts";
import { until } from "./until.ts";

/** What the test's nginx servers have in common: long connections, long headers, nothing written. */
export const generousHttp = `keepalive_requests 1000000;
client_header_buffer_size 4k;
large_client_header_buffers 8 256k;
access_log off;
`;

export interface NativeNginx {
  readonly stop: () => Promise<void>;
  readonly tail: () => string;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}

/** Servers that each answer every request with their own name and a line break. */
export function namedServers(ports: Readonly<Record<string, number>>): string {
  return Object.entries(ports)
    .map(([name, port]) => `server { listen 127.0.0.1:${port}; location / { return 200 "${name}\\n"; } }\n`)
    .join("");
}

/**
 * Starts an nginx without any module of ours, the same binary as the gateway's.
 *
 * @param folder its own. @param http what stands in its http block. @param port one that it listens on.
 */
export async function startNativeNginx(folder: string, http: string, port: number): Promise<NativeNginx> {
  mkdirSync(folder, { recursive: true });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};\n`);
  const conf = `worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log notice;
events { worker_connections 1024; }
http {
default_type text/plain;
${generousHttp}${temporary.join("")}${http}}
`;
  writeFileSync(join(folder, "nginx.conf"), conf);
  const nginx = gateway(usualNginx(), folder, join(folder, "error.log"), join(folder, "nginx.out"));
  nginx.start();
  try {
    await until("nginx listens", async () => {
      if (!nginx.isRunning()) {
        throw new Error(nginx.tail());
      }
      return answers(port);
    });
  } catch (error) {
    await nginx.stop();
    throw new Error(nginx.tail(), { cause: error });
  }
  return { stop: nginx.stop, tail: nginx.tail };
}
