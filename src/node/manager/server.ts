import { readFileSync } from "node:fs";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { FailureLimit } from "./auth/failure_limit.ts";
import { isAtLeast } from "./auth/roles.ts";
import type { TokenFile } from "./auth/token_file.ts";
import { entryOf } from "./auth/tokens.ts";
import { checkRequest } from "./http/check_request.ts";
import { apiPrefix } from "./http/openapi.ts";
import * as problems from "./http/problem.ts";
import { HttpProblem, problemType } from "./http/problem.ts";
import type { Answer, Caller, Route } from "./http/route.ts";

export interface ServerSettings {
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  readonly maxBodyBytes: number;
  readonly failuresPerMinute: number;
  readonly tokens: TokenFile;
  readonly routes: readonly Route[];
  /** Called with what is not expected: a defect, a token file that cannot be read. */
  readonly log: (line: string) => void;
}

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | null;
  }
}

/** No page of this service is ever shown in a browser as anything but itself. */
const securityHeaders: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

const requestTimeoutMs = 30_000;

export function makeServer(settings: ServerSettings): FastifyInstance {
  const { tls, maxBodyBytes, failuresPerMinute, tokens, routes, log } = settings;
  const common = {
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: 10_000,
    forceCloseConnections: "idle" as const,
    // The longest host name.
    routerOptions: { maxParamLength: 260 },
    onProtoPoisoning: "error" as const,
    onConstructorPoisoning: "error" as const,
    exposeHeadRoutes: false,
    // An address that cannot be read comes past all hooks.
    frameworkErrors: (error: Error, _request: unknown, reply: FastifyReply) => {
      void answerProblem(reply.headers(securityHeaders), problemOf(error, log));
    },
  };
  const https = tls === undefined ? null : { cert: readFileSync(tls.certificate), key: readFileSync(tls.key), minVersion: "TLSv1.2" as const };
  const server = (https === null ? fastify(common) : fastify({ ...common, https })) as unknown as FastifyInstance;
  const limit = new FailureLimit(failuresPerMinute);

  server.decorateRequest("caller", null);
  server.addHook("onRequest", (_request, reply, done) => {
    void reply.headers(securityHeaders);
    if (tls !== undefined) void reply.header("Strict-Transport-Security", "max-age=31536000");
    done();
  });
  server.setErrorHandler((error, _request, reply) => answerProblem(reply, problemOf(error, log)));
  server.setNotFoundHandler((_request, reply) => answerProblem(reply, problems.notFound("such address")));
  // JSON is the only language of bodies; Fastify's own parser for text would take any.
  server.removeContentTypeParser("text/plain");

  /** Before the body is read: nobody without a token makes the service parse anything. */
  const admit = (route: Route, request: FastifyRequest): void => {
    if (route.role === undefined) return;
    const caller = callerOf(request, tokens);
    if (caller === undefined) {
      const seconds = limit.failed(addressOf(request), Date.now());
      throw seconds > 0 ? problems.tooManyFailures(seconds) : problems.unauthorized("a valid token is needed: Authorization: Bearer <token>");
    }
    if (!isAtLeast(caller.role, route.role)) throw problems.forbidden(caller.role, route.role);
    request.caller = caller;
  };

  for (const route of routes) {
    server.route({
      method: route.method,
      url: `${apiPrefix}${route.path}`,
      onRequest: (request, _reply, done) => {
        try {
          admit(route, request);
          done();
        } catch (error) {
          done(error as Error);
        }
      },
      handler: async (request, reply) => {
        const checked = checkRequest(route, request);
        const caller: Caller = request.caller ?? { name: "", role: "viewer", from: addressOf(request) };
        const header = (name: string): string => String(request.headers[name] ?? "");
        const answer = await route.handle({ ...checked, caller, header }, reply);
        return answer === undefined ? reply : sendAnswer(reply, answer);
      },
    });
  }
  return server;
}

/** Who is connected; a proxy is not asked for whom. On a unix socket, nobody has an address. */
const addressOf = (request: FastifyRequest): string => request.socket.remoteAddress ?? "local";

function callerOf(request: FastifyRequest, tokens: TokenFile): Caller | undefined {
  const token = /^Bearer ([!-~]{1,200})$/.exec(request.headers.authorization ?? "")?.[1];
  const entry = token === undefined ? undefined : entryOf(token, tokens.read(), new Date());
  return entry === undefined ? undefined : { name: entry.name, role: entry.role, from: `manager@${addressOf(request)}` };
}

function sendAnswer(reply: FastifyReply, { status = 200, headers = {}, json, raw }: Answer): FastifyReply {
  void reply.code(status).headers(headers);
  if (raw !== undefined) return reply.type(raw.type).send(raw.content);
  return json === undefined ? reply.send() : reply.type("application/json; charset=utf-8").send(JSON.stringify(json));
}

function answerProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return reply.code(problem.status).headers(problem.headers).type(problemType).send(JSON.stringify(problem.body));
}

/** Fastify's own refusals (a body too large, no JSON) have a status; anything else is a defect. */
function problemOf(error: unknown, log: (line: string) => void): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const { statusCode, message } = error as { statusCode?: number; message?: string };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new HttpProblem(statusCode, titles[statusCode] ?? "Refused", message ?? "");
  }
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return problems.internalError();
}

const titles: Readonly<Record<number, string>> = {
  400: "Bad Request",
  413: "Content Too Large",
  414: "URI Too Long",
  415: "Unsupported Media Type",
};
