import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { addFailed, changed, detailAnswer, detailBlock, listAnswer, serversAnswer, type DyupsAnswer } from "../../../src/dygateway/core/admin/dyups_protocol.ts";
import { noPause } from "../../../src/dygateway/core/result.ts";
import { parseUpstreamBody } from "../../../src/dygateway/core/upstream/parse.ts";

/** How it answers a change: as the module does, or `lie`: says success and leaves everything as it was. */
export type Mood = "well" | "busy" | "refuse" | "lie" | "slow" | "html" | "cut";

/**
 * Stands in for a gateway with ngx_http_dyups_module, which is not packaged anywhere: its protocol, its forgetting and
 * its faults, each when a test asks for it.
 */
export class DyupsStandIn {
  /** Bodies by upstream. */
  readonly upstreams = new Map<string, string>();
  readonly log: string[] = [];
  mood: Mood = "well";
  private server: Server | undefined;

  /** Requests of a method since the beginning. */
  count(method: string): number {
    return this.log.filter((line) => line.startsWith(`${method} `)).length;
  }

  /** As if it were reloaded: it has what its own configuration says, and what was set at run time is gone. */
  reload(configured: ReadonlyMap<string, string> = new Map()): void {
    this.upstreams.clear();
    for (const [name, body] of configured) {
      this.upstreams.set(name, body);
    }
  }

  private async take(request: IncomingMessage, answer: ServerResponse): Promise<void> {
    const { method = "", url: asked = "" } = request;
    const [url = ""] = asked.split("?");
    const body = await text(request);
    this.log.push(`${method} ${asked}${body === "" ? "" : ` ${body}`}`);
    if (this.mood === "slow") {
      return;
    }
    if (this.mood === "cut") {
      answer.writeHead(200, { "Content-Length": 100 }).write("half");
      request.socket.end();
      return;
    }
    const said = this.mood === "html" ? { status: 200, text: "<html><body>It works" } : this.answerTo(method, url, body);
    answer.writeHead(said.status, said.status === 204 ? {} : { "Content-Length": Buffer.byteLength(said.text) });
    answer.end(said.text);
  }

  private answerTo(method: string, url: string, body: string): DyupsAnswer {
    const name = /^\/upstream\/([^/]+)$/.exec(url)?.[1];
    if (method === "GET") {
      return this.read(url, name);
    }
    if (name === undefined) {
      return { status: 404, text: "" };
    }
    if (this.mood === "busy") {
      return { status: 409, text: "" };
    }
    if (this.mood === "lie") {
      return changed;
    }
    return method === "POST" ? this.replace(name, body) : this.remove(name);
  }

  private read(url: string, name: string | undefined): DyupsAnswer {
    const all = [...this.upstreams].map(([known, body]) => ({ known, upstream: this.parsed(body) }));
    if (url === "/list") {
      return listAnswer(all.map(({ known }) => known));
    }
    if (url === "/detail") {
      // As the module: nothing is 204 there, too.
      return all.length === 0 ? listAnswer([]) : detailAnswer(all.map(({ known, upstream }) => detailBlock(known, upstream)));
    }
    const found = all.find(({ known }) => known === name)?.upstream;
    return found === undefined ? { status: 404, text: "" } : serversAnswer(found);
  }

  private parsed(body: string): Parameters<typeof serversAnswer>[0] {
    const parsed = parseUpstreamBody(body, noPause);
    if (!parsed.ok) {
      throw new Error(parsed.error.desc);
    }
    return parsed.value;
  }

  private replace(name: string, body: string): DyupsAnswer {
    const parsed = parseUpstreamBody(body, noPause);
    if (!parsed.ok || this.mood === "refuse") {
      return parsed.ok ? { status: 500, text: "add server failed" } : addFailed(parsed.error);
    }
    this.upstreams.set(name, body);
    return changed;
  }

  private remove(name: string): DyupsAnswer {
    return this.upstreams.delete(name) ? changed : { status: 404, text: "" };
  }

  /** @returns the port that it listens on: the one that is asked for, or any. */
  async listen(port = 0): Promise<number> {
    const server = createServer((request, answer) => {
      void this.take(request, answer);
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
    this.server = server;
    const address = server.address();
    if (address === null || typeof address === "string") {
      throw new Error("a server on a TCP port has one");
    }
    return address.port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server !== undefined) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
}
