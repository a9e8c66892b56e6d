import type { FastifyRequest } from "fastify";
import type { z } from "zod";
import { pathText } from "../../config/problem.ts";
import { issueProblems } from "../../nginx_hosts/tree/issues.ts";
import { badRequest, refused, type RequestProblem } from "./problem.ts";
import type { Route } from "./route.ts";

interface Checked {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Holds every part of a request against its schema and names everything that is wrong with all of them. */
export function checkRequest(route: Route, request: FastifyRequest): Checked {
  const address: RequestProblem[] = [];
  const content: RequestProblem[] = [];
  const part = (schema: z.ZodType | undefined, value: unknown, prefix: string, found: RequestProblem[]): unknown => {
    if (schema === undefined) return undefined;
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { path, text } of issueProblems(parsed.error.issues, value)) {
      found.push({ path: [prefix, pathText(path)].filter((step) => step !== "").join(" "), text });
    }
    return undefined;
  };
  const params = part(route.params, request.params, "path", address);
  const query = part(route.query, request.query, "query", address);
  const unexpected = route.query === undefined ? Object.keys(request.query as object) : [];
  for (const name of unexpected) address.push({ path: `query ${name}`, text: "is not known here" });
  const body = part(route.body, request.body, "", content);
  if (address.length > 0) throw badRequest("the address is not right", [...address, ...content]);
  if (content.length > 0) throw refused("the body is not right", content);
  return { params, query, body };
}
