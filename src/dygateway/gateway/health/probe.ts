import { addressParts } from "../../core/upstream/address.ts";
import { answerProblem, MOST_BYTES, probeRequest, probeTimeout } from "../../core/upstream/health_probe.ts";
import type { HealthCheck } from "../../core/upstream/model.ts";

const LEAST_MS = 1;

function connect(socket: ngx.TcpSocket, address: string, port: number): string | undefined {
  const parts = addressParts(address);
  if (parts.kind === "unix") {
    const [connected, problem] = socket.connect(`unix:${parts.host}`);
    return connected === undefined ? (problem ?? "no connection") : undefined;
  }
  const host = parts.host.indexOf(":") >= 0 ? `[${parts.host}]` : parts.host;
  const [connected, problem] = socket.connect(host, port > 0 ? port : parts.port);
  return connected === undefined ? (problem ?? "no connection") : undefined;
}

/**
 * Checks one peer.
 *
 * @returns what is wrong with it; "" for nothing.
 */
export function probe(upstream: string, address: string, check: HealthCheck): string {
  const socket = ngx.socket.tcp();
  const deadline = ngx.now() + probeTimeout(check);
  const limit = (): void => {
    const left = Math.max(Math.floor((deadline - ngx.now()) * 1000), LEAST_MS);
    socket.settimeouts(left, left, left);
  };
  limit();
  const refused = connect(socket, address, check.port);
  if (refused !== undefined) {
    return refused === "timeout" ? "timeout while connecting" : refused;
  }
  const problem = check.type === "tcp" ? "" : ask(socket, limit, probeRequest(check, upstream), check);
  socket.close();
  return problem;
}

function ask(socket: ngx.TcpSocket, limit: (this: void) => void, request: string, check: HealthCheck): string {
  const [sent, refusal] = socket.send(request);
  if (sent === undefined) {
    return `the request could not be sent: ${refusal ?? "?"}`;
  }
  let raw = "";
  for (;;) {
    limit();
    const [piece, broken] = socket.receiveany(MOST_BYTES);
    if (piece === undefined && broken !== "closed") {
      return broken === "timeout" ? "timeout while waiting for the answer" : (broken ?? "the connection broke");
    }
    raw += piece ?? "";
    const problem = answerProblem(raw, piece === undefined, check);
    if (problem !== undefined) {
      return problem;
    }
  }
}
