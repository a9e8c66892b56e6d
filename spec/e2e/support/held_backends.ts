import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/** Servers that keep every request until they are told to answer it, and that can refuse connections for a while. */
export interface HeldBackends {
  /** The port of the server that is given the request with this `X-Id`. */
  readonly arrival: (id: string) => Promise<number>;
  readonly answer: (id: string) => void;
  /** Who refuses from now on; all others listen. No request may be running. */
  readonly refuse: (ports: readonly number[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export async function startHeldBackends(ports: readonly number[]): Promise<HeldBackends> {
  const held = new Map<string, ServerResponse>();
  const arrived = new Map<string, number>();
  const awaited = new Map<string, (port: number) => void>();
  const listening = new Map<number, Server>();

  function take(request: IncomingMessage, answer: ServerResponse, port: number): void {
    const id = String(request.headers["x-id"]);
    held.set(id, answer);
    arrived.set(id, port);
    awaited.get(id)?.(port);
  }

  async function refuse(refusing: readonly number[]): Promise<void> {
    for (const port of ports) {
      const server = listening.get(port);
      if (refusing.includes(port) && server !== undefined) {
        listening.delete(port);
        await close(server);
      } else if (!refusing.includes(port) && server === undefined) {
        const started = createServer((request, answer) => take(request, answer, port));
        await listen(started, port);
        listening.set(port, started);
      }
    }
  }

  await refuse([]);
  return {
    arrival: (id) =>
      new Promise((resolve) => {
        const port = arrived.get(id);
        if (port === undefined) {
          awaited.set(id, resolve);
        } else {
          resolve(port);
        }
      }),
    answer: (id) => {
      held.get(id)?.end("done\n");
    },
    refuse,
    stop: () => refuse(ports),
  };
}
