import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";

export interface Fetch {
  readonly server: URL;
  readonly hostname: string;
  readonly token: string;
  /** PEM text of the authorities to trust instead of the system's. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
  /** The digest of what is in place. */
  readonly have: string | undefined;
}

export type Fetched =
  | { readonly kind: "unchanged" }
  | { readonly kind: "config"; readonly body: string }
  | { readonly kind: "failed"; readonly reason: string };

const longestAnswer = 64 * 1024 * 1024;

/** Asks the service for a machine's configuration. Follows no redirection: the token is for this server only. */
export async function fetchConfig(asked: Fetch): Promise<Fetched> {
  const { server, hostname, token, ca, timeoutMs, have } = asked;
  const url = new URL(`api/v1/nginx/hosts/${encodeURIComponent(hostname)}/config`, server.href.replace(/\/?$/, "/"));
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === "https:" ? requestHttps : requestHttp;
      const headers = {
        Accept: "application/json",
        Authorization: `Bearer ${token}`,
        ...(have === undefined ? {} : { "If-None-Match": `"${have}"` }),
      };
      send(url, { headers, agent: false, signal, ...(ca === undefined ? {} : { ca }) }, resolve).on("error", reject).end();
    });
    if (response.statusCode === 304 && have !== undefined) {
      response.resume();
      return { kind: "unchanged" };
    }
    const body = await bodyOf(response);
    if (response.statusCode === 200) return { kind: "config", body };
    return { kind: "failed", reason: `${url.origin} answers ${response.statusCode ?? "?"}${wordsOf(body)}` };
  } catch (error) {
    const isTimeout = signal.aborted;
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "failed", reason: `${url.origin}: ${isTimeout ? `no answer in ${timeoutMs / 1000} s` : reason}` };
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > longestAnswer) throw new Error(`the answer is longer than ${longestAnswer} bytes`);
    parts.push(part);
  }
  // Behind a proxy that gives up, an answer may end early without an error of its own.
  if (!response.complete) throw new Error("the connection was closed in the middle of the answer");
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
}

/** The service's problem document has a title, a detail and a list of problems. */
function wordsOf(body: string): string {
  try {
    const { title, detail, problems } = JSON.parse(body) as { title?: unknown; detail?: unknown; problems?: unknown };
    const list = Array.isArray(problems) ? problems.map((problem: unknown) => (problem as { text?: unknown } | null)?.text) : [];
    const words = [detail ?? title, ...list].filter((word): word is string => typeof word === "string");
    return words.length === 0 ? "" : `: ${words.join("\n  ")}`;
  } catch {
    return "";
  }
}
