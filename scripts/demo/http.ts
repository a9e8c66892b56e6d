import { request } from "node:http";

export interface Question {
  readonly port: number;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** As curl asks, on a connection of its own. fetch would add headers that say "browser", and admin is wary of these. */
export function ask({ port, path, headers, body }: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, method: body === undefined ? "GET" : "POST", headers, agent: false, timeout: 5_000 },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, body: text });
        });
        response.on("error", reject);
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("no answer for 5 s")));
    asked.on("error", reject);
    asked.end(body);
  });
}
