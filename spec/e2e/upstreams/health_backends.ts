import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { rmSync } from "node:fs";

/**
 * `ok`, `error` (500), `hang` (accepts and says nothing), `cut` (closes when asked), `reset` (the same, with a TCP reset),
 * `refuse` (does not listen).
 */
export type Mood = "ok" | "error" | "hang" | "cut" | "reset" | "refuse";

export interface ListenAt {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

const PROBE_AGENT = "dygateway-health";

/** A server that does what it is told to, and remembers who asked. */
export class MoodyBackend {
  /** Body of good answers. */
  body: string;
  /** When each probe came; milliseconds. */
  readonly probes: number[] = [];
  readonly probeHeads: { readonly method: string; readonly url: string; readonly host: string }[] = [];
  requests = 0;
  /** Connections that were opened to it so far. */
  opened = 0;
  private mood: Mood = "ok";
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  readonly name: string;
  private readonly at: ListenAt;

  constructor(name: string, at: ListenAt) {
    this.name = name;
    this.at = at;
    this.body = `this is ${name} server\n`;
  }

  /** As a `server` of an upstream names it. */
  get address(): string {
    return this.at.path === undefined ? `${this.at.host ?? "127.0.0.1"}:${this.at.port ?? 0}` : `unix:${this.at.path}`;
  }

  /** Connections that are open to it now, idle ones with them. */
  get open(): number {
    return this.sockets.size;
  }

  async become(mood: Mood): Promise<void> {
    this.mood = mood;
    if (mood === "refuse") {
      await this.close();
    } else if (this.server === undefined) {
      await this.listen();
    }
  }

  private answer(request: IncomingMessage, answer: ServerResponse): void {
    if (request.headers["user-agent"] === PROBE_AGENT) {
      this.probes.push(performance.now());
      this.probeHeads.push({ method: request.method ?? "", url: request.url ?? "", host: request.headers.host ?? "" });
    } else {
      this.requests++;
    }
    if (this.mood === "error") {
      answer.statusCode = 500;
    }
    answer.end(this.body);
  }

  private async listen(): Promise<void> {
    const server = createServer((request, answer) => {
      if (this.mood === "cut") {
        request.socket.destroy();
      } else if (this.mood === "reset") {
        request.socket.resetAndDestroy();
      } else if (this.mood !== "hang") {
        this.answer(request, answer);
      }
    });
    server.keepAliveTimeout = 120_000;
    server.on("connection", (socket) => {
      this.opened++;
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.at.path === undefined ? { host: this.at.host ?? "127.0.0.1", port: this.at.port ?? 0 } : { path: this.at.path, writableAll: true }, resolve);
    });
    this.server = server;
  }

  private async close(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (server !== undefined) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of this.sockets) {
        socket.destroy();
      }
      await closed;
      if (this.at.path !== undefined) {
        rmSync(this.at.path, { force: true });
      }
    }
  }

  stop(): Promise<void> {
    return this.close();
  }
}

export async function moodyBackend(name: string, at: ListenAt): Promise<MoodyBackend> {
  const backend = new MoodyBackend(name, at);
  await backend.become("ok");
  return backend;
}
