import type { FastifyReply } from "fastify";

/** One event of a stream (text/event-stream); `id` is what a client sends as Last-Event-ID when it comes back. */
export interface StreamEvent {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

/** So that proxies and clients see that the connection lives. */
const heartbeatMs = 15_000;
/** A client that reads nothing is given up, and may come back with its Last-Event-ID. */
const mostWaitingBytes = 4 * 1024 * 1024;

/**
 * Answers with events until the source ends or the client goes.
 *
 * @param subscribe is given the function that takes each event and one that ends the stream; returns how to stop.
 */
export function streamEvents(reply: FastifyReply, subscribe: (send: (event: StreamEvent) => void, end: () => void) => () => void): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  raw.flushHeaders();
  const heartbeat = setInterval(() => raw.write(": alive\n\n"), heartbeatMs);
  const stops: (() => void)[] = [];
  const finish = (): void => {
    if (raw.writableEnded && stops.length === 0) return;
    clearInterval(heartbeat);
    for (const stop of stops.splice(0)) stop();
    raw.end();
  };
  raw.on("close", finish);
  raw.on("error", finish);
  const send = ({ id, event, data }: StreamEvent): void => {
    if (raw.writableEnded || raw.destroyed) return;
    raw.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    if (raw.writableLength > mostWaitingBytes) raw.destroy();
  };
  const stop = subscribe(send, finish);
  // It may have ended already, while it told what there was.
  if (raw.writableEnded) stop();
  else stops.push(stop);
}
