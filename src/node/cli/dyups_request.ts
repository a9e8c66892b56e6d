import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { CommandFailure } from "./terminal.ts";

/** Where a dyups interface is, and how one gets in. */
export interface DyupsEndpoint {
  /** What stands before `/list`, without a slash at its end. */
  readonly url: URL;
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

export interface DyupsReply {
  readonly status: number;
  readonly text: string;
}

/** @throws CommandFailure where the text is no such URL. */
export function dyupsUrl(given: string): URL {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new CommandFailure(`--url ${given}: a URL is expected, as http://127.0.0.1:8080/dyups`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new CommandFailure(`--url ${given}: http or https is expected`);
  if (url.search !== "" || url.hash !== "") throw new CommandFailure(`--url ${given}: it ends before the protocol's own paths, /list and so on`);
  return url;
}

/** Sends one request. @throws CommandFailure where there is no answer. */
export async function askDyups(endpoint: DyupsEndpoint, method: string, path: string, body?: string): Promise<DyupsReply> {
  const { url, token, timeoutMs } = endpoint;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  const target = new URL(url);
  const [own = "", query = ""] = path.split("?");
  target.pathname = url.pathname.replace(/\/$/, "") + own;
  target.search = query;
  try {
    return await new Promise((resolve, reject) => {
      const sent = send(
        target,
        {
          method,
          headers: {
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) }),
          },
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          text(response).then((said) => {
            resolve({ status: response.statusCode ?? 0, text: said });
          }, reject);
        },
      );
      sent.on("error", reject).end(body);
    });
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === "AbortError";
    const reason = isTimeout ? `no answer in ${timeoutMs / 1000} s` : reasonOf(error);
    throw new CommandFailure(`${url.href}: ${reason}`);
  }
}

/** Where a name has several addresses, Node gives an error with an empty message and the reasons in it. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
