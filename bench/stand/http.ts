import { type Agent, request, type IncomingHttpHeaders } from "node:http";

export interface Question {
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly body?: string;
  /** A connection of its own for each question unless given. */
  readonly agent?: Agent;
  /** Longest silence. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export function ask(port: number, question: Question): Promise<Answer> {
  const { path = "/", headers = {}, body, agent, timeoutMs = 5_000 } = question;
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: body === undefined ? "GET" : "POST",
        headers: body === undefined ? headers : { ...headers, "Content-Length": Buffer.byteLength(body) },
        agent: agent ?? false,
        timeout: timeoutMs,
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
    asked.once("error", reject);
    asked.once("timeout", () => asked.destroy(new Error(`no answer for ${timeoutMs} ms`)));
    asked.end(body);
  });
}

/** Where a gateway takes actions. */
export type AdminLocation = "/ab_admin" | "/dyupsc_admin";

/** An answer of an admin location, whatever its code. */
export interface AdminAnswer {
  readonly code: number;
  readonly desc: string;
  readonly data: unknown;
  /** `X-Dygateway-Applied`: how many of how many living workers have the change in force. */
  readonly applied: { readonly done: number; readonly of: number } | undefined;
  /** `X-Dygateway-Revision`: of a change. */
  readonly revision: number | undefined;
  /** From the first byte sent to the last received. */
  readonly milliseconds: number;
}

/** Whether a change found everything as it was to be, which is a success, and none that a measurement wants. */
export function wasSoAlready({ desc }: AdminAnswer): boolean {
  return desc.includes("nothing was changed");
}

/** A million uids take their time on a slow machine. */
const adminTimeoutMs = 120_000;

export type AdminParameters = Readonly<Record<string, string | number>>;

export function askAdmin(port: number, action: string, parameters: AdminParameters = {}, body?: string, timeoutMs?: number): Promise<AdminAnswer> {
  return askLocation(port, "/ab_admin", action, parameters, body, timeoutMs);
}

export async function askLocation(
  port: number,
  location: AdminLocation,
  action: string,
  parameters: AdminParameters,
  body?: string,
  timeoutMs = adminTimeoutMs,
): Promise<AdminAnswer> {
  const query = new URLSearchParams({ action, ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])) });
  const started = performance.now();
  const answer = await ask(port, { path: `${location}?${query.toString()}`, timeoutMs, ...(body === undefined ? {} : { body }) });
  const milliseconds = performance.now() - started;
  const { code, desc, data } = JSON.parse(answer.text) as { code: number; desc: string; data?: unknown };
  const applied = /^(\d+)\/(\d+)$/.exec(String(answer.headers["x-dygateway-applied"]));
  const revision = answer.headers["x-dygateway-revision"];
  return {
    ...{ code, desc, data, milliseconds },
    applied: applied === null ? undefined : { done: Number(applied[1]), of: Number(applied[2]) },
    revision: revision === undefined ? undefined : Number(revision),
  };
}
