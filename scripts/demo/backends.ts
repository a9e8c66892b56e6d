import { createServer } from "node:http";
import { answerOf } from "./sample.ts";
import { backendNames } from "./settings.ts";

/** The five demo backends in one process, on ports in a row; each says who it is. */
export function serveBackends(firstPort: number): void {
  backendNames.forEach((name, i) => {
    createServer((request, response) => {
      request.resume();
      response.writeHead(200, { "Content-Type": "text/plain" });
      response.end(`${answerOf(name)}\n`);
    }).listen(firstPort + i, "127.0.0.1");
  });
}
