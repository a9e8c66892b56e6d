import { z } from "zod";
import { version } from "../../cli/version.ts";
import type { Route } from "./route.ts";

export const apiPrefix = "/api/v1";

const words: Readonly<Record<number, string>> = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "Done", 304: "Not changed",
  400: "The address or the headers are wrong", 401: "No valid token", 403: "The token's role is too low", 404: "Not there",
  409: "Refused for what is stored", 412: "Somebody else changed it", 413: "The body is too large", 422: "The body is refused",
  428: "If-Match is needed", 429: "Too many requests without a valid token", 500: "A defect", 503: "Redis cannot be reached",
};

const problemSchema = {
  type: "object",
  required: ["title", "status", "detail"],
  properties: {
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    problems: {
      type: "array",
      items: {
        type: "object",
        required: ["path", "text"],
        properties: { path: { type: "string" }, text: { type: "string" }, rule: { type: "string" } },
      },
    },
  },
};

/** The JSON Schema of a zod type, as OpenAPI 3.1 takes it. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const whole = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  delete whole.$schema;
  return { ...whole };
}

function parameters(route: Route): object[] {
  const of = (schema: z.ZodType | undefined, where: "path" | "query"): object[] => {
    if (schema === undefined) return [];
    const { properties = {}, required = [] } = schemaOf(schema, "input") as { properties?: object; required?: string[] };
    return Object.entries(properties).map(([name, property]) => ({
      name,
      in: where,
      required: where === "path" || required.includes(name),
      schema: property as object,
    }));
  };
  const headers = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name, in: "header", required: false, description, schema: { type: "string" },
  }));
  return [...of(route.params, "path"), ...of(route.query, "query"), ...headers];
}

function responses(route: Route): Record<string, object> {
  const problem = { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
  const common = route.role === undefined ? [] : [401, 403, 429];
  const statuses = [...Object.keys(route.answers).map(Number), ...common].sort((a, b) => a - b);
  return Object.fromEntries(
    statuses.map((status) => {
      const answer = route.answers[status];
      const description = typeof answer === "string" ? answer : (words[status] ?? "");
      if (status >= 400) return [status, { description, ...problem }];
      if (answer === null || answer === undefined || typeof answer === "string") return [status, { description }];
      return [status, { description, content: { "application/json": { schema: schemaOf(answer, "output") } } }];
    }),
  );
}

/** OpenAPI 3.1 of all routes. */
export function openApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = `${apiPrefix}${route.path.replace(/:([a-z_]+)/g, "{$1}")}`;
    const shown = route.shownBody ?? route.body;
    const body = shown === undefined ? {} : { requestBody: { required: true, content: { "application/json": { schema: schemaOf(shown, "input") } } } };
    (paths[path] ??= {})[route.method.toLowerCase()] = {
      summary: route.summary,
      "x-role": route.role ?? "nobody",
      security: route.role === undefined ? [] : [{ token: [] }],
      parameters: parameters(route),
      ...body,
      responses: responses(route),
    };
  }
  return {
    openapi: "3.1.0",
    info: { title: "dygateway manager", version },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Problem: problemSchema },
    },
  };
}
