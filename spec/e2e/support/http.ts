import { Agent, request, type IncomingHttpHeaders } from "node:http";

export interface HttpRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in pieces, without a Content-Length. */
  readonly chunked?: boolean;
  /** A connection of its own for each request unless given. */
  readonly agent?: Agent;
  readonly localAddress?: string;
  /** A unix socket to connect to instead of the port. */
  readonly socketPath?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const PIECE = 64 * 1024;
const TIMEOUT_MS = 20_000;

export function keepaliveAgent(connections: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: connections });
}

export function send(port: number, asked: HttpRequest): Promise<HttpAnswer> {
  const { body, chunked } = asked;
  const headers: Record<string, string> = { ...asked.headers };
  if (body !== undefined && chunked !== true) {
    headers["Content-Length"] = `${Buffer.byteLength(body)}`;
  }
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        method: asked.method ?? (body === undefined ? "GET" : "POST"),
        path: asked.path ?? "/",
        headers,
        agent: asked.agent ?? false,
        timeout: TIMEOUT_MS,
        ...(asked.localAddress === undefined ? {} : { localAddress: asked.localAddress }),
        ...(asked.socketPath === undefined ? {} : { socketPath: asked.socketPath }),
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.once("error", reject);
        answer.once("end", () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(parts).toString() });
        });
      },
    );
    sent.once("error", reject);
    sent.once("timeout", () => sent.destroy(new Error(`no answer for ${TIMEOUT_MS} ms`)));
    if (body !== undefined && chunked === true) {
      const bytes = Buffer.from(body);
      for (let start = 0; start < bytes.length; start += PIECE) {
        sent.write(bytes.subarray(start, start + PIECE));
      }
      sent.end();
    } else {
      sent.end(body);
    }
  });
}
