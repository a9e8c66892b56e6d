import { send, type HttpAnswer, type HttpRequest } from "./http.ts";

/** A client of the dyups protocol, as a fleet's scripts are. */
export interface DyupsClient {
  readonly get: (path: string) => Promise<HttpAnswer>;
  readonly post: (name: string, body: string, query?: string) => Promise<HttpAnswer>;
  readonly remove: (name: string, query?: string) => Promise<HttpAnswer>;
  readonly ask: (request: HttpRequest) => Promise<HttpAnswer>;
  /** A post that must succeed. */
  readonly done: (name: string, body: string) => Promise<HttpAnswer>;
}

/** @param port looked up anew for each request. @param prefix what stands before `/list`. */
export function dyupsClient(port: () => number, prefix: string): DyupsClient {
  const ask = (request: HttpRequest): Promise<HttpAnswer> => send(port(), { ...request, path: prefix + (request.path ?? "/") });
  const post = (name: string, body: string, query = ""): Promise<HttpAnswer> =>
    ask({ method: "POST", path: `/upstream/${name}${query}`, body });
  return {
    ask,
    get: (path) => ask({ path }),
    post,
    remove: (name, query = "") => ask({ method: "DELETE", path: `/upstream/${name}${query}` }),
    done: async (name, body) => {
      const answer = await post(name, body);
      if (answer.status !== 200) {
        throw new Error(`POST ${name}: ${answer.status} ${answer.text}`);
      }
      return answer;
    },
  };
}
