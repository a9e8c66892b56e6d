import { createServer, type IncomingMessage, type Server } from "node:http";
import { freePorts } from "./free_ports.ts";

export const backendNames = ["stable", "beta1", "beta2", "beta3", "beta4"] as const;
export type BackendName = (typeof backendNames)[number];

export interface Backends {
  readonly ports: Readonly<Record<BackendName, number>>;
  /** Headers of the last request that any of them was given. */
  readonly lastHeaders: () => IncomingMessage["headers"];
  readonly stop: () => Promise<void>;
}

/** Five servers that answer `this is <name> server`. */
export async function startBackends(): Promise<Backends> {
  const ports = await freePorts(backendNames.length);
  let last: IncomingMessage["headers"] = {};
  const servers: Server[] = [];
  const entries = backendNames.map((name, i) => [name, ports[i] ?? 0] as const);
  for (const [name, port] of entries) {
    const server = createServer((request, answer) => {
      last = request.headers;
      request.resume();
      answer.end(`this is ${name} server\n`);
    });
    server.keepAliveTimeout = 120_000;
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  }
  return {
    ports: Object.fromEntries(entries) as Record<BackendName, number>,
    lastHeaders: () => last,
    stop: async () => {
      await Promise.all(
        servers.map((server) => {
          const closed = new Promise((resolve) => server.close(resolve));
          server.closeAllConnections();
          return closed;
        }),
      );
    },
  };
}
