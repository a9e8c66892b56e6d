import { readFileSync } from "node:fs";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startStore, type StoreServer } from "../store_server.ts";
import { ask, clusterDocument, ManagerBench, selfSigned } from "./support_service.ts";

let store: StoreServer;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(() => store.client.flushall());
afterAll(() => store.stop());

describe("a request", () => {
  it.each([
    ["no JSON", 400, { raw: "{ not JSON" }],
    ["JSON of another shape", 422, { body: ["a list"] }],
    ["a name that is no text", 422, { body: { name: 7 } }],
    ["a prototype in it", 400, { raw: '{"name":"c","__proto__":{"admin":true}}' }],
    ["a constructor in it", 400, { raw: '{"name":"c","constructor":{"prototype":{"admin":true}}}' }],
    ["more than max_body", 413, { raw: JSON.stringify({ name: "c".repeat(20_000) }) }],
    ["another type", 415, { raw: "name: c", headers: { "Content-Type": "application/yaml" } }],
    ["text", 415, { raw: "name: c", headers: { "Content-Type": "text/plain" } }],
    ["nothing", 422, {}],
  ])("with %s is answered with %i and a problem document", async (_, status, asked) => {
    const bench = await new ManagerBench(store).start({ max_body: "16k" });
    const reply = await bench.ask("operator", "POST", "/clusters", asked);
    expect([reply.status, reply.headers["content-type"]]).toEqual([status, "application/problem+json; charset=utf-8"]);
    expect(reply.json).toMatchObject({ status, title: expect.any(String) as string, detail: expect.any(String) as string });
    expect(bench.log).toEqual([]);
  });

  it.each([
    "/clusters/..%2f..%2fetc",
    "/clusters/a%00b",
    "/clusters/a%0d%0aSET-Cookie:%20x",
    "/clusters/cluster:x",
    "/clusters/%zz",
    `/clusters/${"a".repeat(300)}`,
    "/clusters/*",
    "/clusters/%E4%BA%91",
    `/clusters/${"a".repeat(200)}`,
    "/clusters/cluster1/vips/1.2.3.4%3b",
    "/jobs/..%2ftokens",
    "/jobs/1700000000000-0011aabb%00",
    "/nginx/hosts/..%2f..%2fetc/config",
    "/nginx/hosts/.../config",
    "/nginx/hosts/-rf/config",
    "/nginx/hosts/a$(reboot)/config",
    "/nginx/hosts?vip=1.2.3.4%20or",
    "/nginx/hosts?colour=red",
    "/jobs?last=0",
  ])("for %s is refused", async (path) => {
    const bench = await new ManagerBench(store).start();
    const reply = await bench.ask("admin", "GET", path);
    expect([400, 404, 414]).toContain(reply.status);
    expect(reply.json.title).toBeDefined();
    expect(reply.headers["x-content-type-options"]).toBe("nosniff");
    expect(bench.log).toEqual([]);
  });

  it("for a thousand names of keys finds no key that is no cluster's", async () => {
    const bench = await new ManagerBench(store).start();
    await store.client.set("cluster:x:y", "1");
    await store.client.set("cluster:text", "not a hash");
    const list = await bench.ask("viewer", "GET", "/clusters");
    expect(list.json.clusters.map(({ name, problems }) => [name, problems])).toEqual([["text", 1]]);
  });

  it("is answered with headers that no browser takes for something else", async () => {
    const bench = await new ManagerBench(store).start();
    for (const path of ["/api/v1/clusters", "/nothing", "/api/v1/openapi.json"]) {
      const { headers } = await ask(bench.port, "GET", path);
      expect(headers).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
      });
      expect(headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("is answered with 503 and a reason while Redis is away, and nothing of it in the log", async () => {
    const other = await startStore();
    const bench = await new ManagerBench(other).start();
    await other.stop();
    const read = await bench.ask("viewer", "GET", "/clusters");
    expect([read.status, read.json.title]).toEqual([503, "Service Unavailable"]);
    const change = await bench.ask("operator", "POST", "/clusters", { body: clusterDocument(1) });
    expect(change.status).toBe(503);
    expect(bench.log).toEqual([]);
  });
});

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody: { readonly content: { readonly "application/json": { readonly schema: { readonly required: readonly string[] } } } };
  readonly responses: Readonly<Record<string, { readonly content: unknown }>>;
}

async function operation(bench: ManagerBench, method: string, path: string): Promise<Operation> {
  const { json } = await ask(bench.port, "GET", "/api/v1/openapi.json");
  expect(json["openapi"]).toBe("3.1.0");
  const found = (json["paths"] as Record<string, Record<string, Operation>>)[`/api/v1${path}`]?.[method];
  if (found === undefined) throw new Error(`${method} ${path} is not described`);
  return found;
}

describe("the description", () => {
  it("is OpenAPI 3.1 with every route, its schemas and its refusals", async () => {
    const bench = await new ManagerBench(store).start();
    const add = await operation(bench, "post", "/clusters/{cluster}/vips");
    const schema: unknown = add.requestBody.content["application/json"].schema;
    expect(schema).toMatchObject({ properties: { vips: { items: { properties: { ports: { items: { required: ["sport", "dport"] } } } } } } });
    expect(Object.keys(add.responses)).toEqual(["200", "400", "401", "403", "404", "409", "412", "413", "422", "429", "503"]);
    const remove = await operation(bench, "delete", "/clusters/{cluster}/vips");
    expect(remove.parameters.map(({ name, in: place }) => `${place} ${name}`)).toEqual([
      "path cluster", "query allow_removal", "query vip", "header If-Match",
    ]);
    const read = await operation(bench, "get", "/clusters/{cluster}");
    expect(read.responses["200"]?.content).toMatchObject({ "application/json": { schema: { type: "object" } } });
  });

  it("has the schema of a cluster for the documents that are taken whole", async () => {
    const bench = await new ManagerBench(store).start();
    const { schema } = (await operation(bench, "post", "/clusters")).requestBody.content["application/json"];
    expect(schema.required).toEqual(expect.arrayContaining(["name", "type", "vipnets", "lbinfos", "vip2ws"]));
  });
});

describe("TLS", () => {
  it("is spoken with the configured certificate, and says so to browsers", async () => {
    const bench = new ManagerBench(store);
    const { certificate, key } = selfSigned(bench.folder);
    await bench.start({ tls: { certificate, key } });
    const headers = { Authorization: `Bearer ${bench.tokens.viewer}` };
    const answer = await new Promise<{ status: number; hsts: string; body: string }>((resolve, reject) => {
      requestHttps({ host: "127.0.0.1", port: bench.port, path: "/api/v1/clusters", headers, agent: false, ca: readFileSync(certificate) }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, hsts: response.headers["strict-transport-security"] ?? "", body }), reject);
      })
        .on("error", reject)
        .end();
    });
    expect(answer).toEqual({ status: 200, hsts: "max-age=31536000", body: '{"clusters":[]}' });
    await expect(ask(bench.port, "GET", "/api/v1/clusters")).rejects.toThrow();
  });
});
