import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startStore, type StoreServer } from "../store_server.ts";
import { clusterDocument, ManagerBench, vipDocument } from "./support_service.ts";

let store: StoreServer;
let bench: ManagerBench;

beforeAll(async () => {
  store = await startStore();
});
beforeEach(async () => {
  await store.client.flushall();
  bench = await new ManagerBench(store).start();
});
afterAll(() => store.stop());

describe("clusters", () => {
  it("are created, read with who made them so, and listed", async () => {
    await bench.registerWstypes();
    const created = await bench.ask("operator", "POST", "/clusters", { body: clusterDocument(1) });
    expect(created.status).toBe(201);
    expect(created.headers).toMatchObject({ etag: '"1"', location: "/api/v1/clusters/cluster1" });
    expect(created.json.changes).toEqual(["cluster cluster1 created", "load balancers added: lb11-1.test, lb12-1.test", "VIP added: 10.3.1.1"]);

    const read = await bench.ask("viewer", "GET", "/clusters/cluster1");
    expect(read.headers.etag).toBe('"1"');
    expect(read.json).toMatchObject({ name: "cluster1", version: 1, foreign: false, changed_by: "operator-token", problems: [] });
    expect(read.json.document.lbinfos).toHaveLength(2);
    const list = await bench.ask("viewer", "GET", "/clusters");
    expect(list.json).toEqual({
      clusters: [{ name: "cluster1", version: 1, type: "internal", dialect: "mainline", lbs: 2, vips: 1, problems: 0 }],
    });
  });

  it("are refused with every problem and its path, and nothing is stored", async () => {
    await bench.registerWstypes();
    const broken = { ...clusterDocument(1), colour: "red", vipnets: ["10.3.1.7/24"], vip2ws: [{ ...vipDocument(1, 1), wstype: "nobody", wss: ["a;b"] }] };
    const refused = await bench.ask("operator", "POST", "/clusters", { body: broken });
    expect(refused.status).toBe(422);
    expect(refused.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(refused.json).toMatchObject({ title: "Unprocessable Content", status: 422 });
    const paths = refused.json.problems.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(["colour", "vipnets[0]", "vip2ws[0].wstype", "vip2ws[0].wss[0]"]));
    expect(refused.json.problems.find(({ path }) => path === "vipnets[0]")?.rule).toBe("hostBits");
    expect(await store.client.keys("cluster:*")).toEqual([]);
  });

  it("are not created twice, and what is not there is not changed", async () => {
    await bench.cluster(1);
    expect((await bench.ask("operator", "POST", "/clusters", { body: clusterDocument(1) })).status).toBe(409);
    expect((await bench.ask("viewer", "GET", "/clusters/nobody")).status).toBe(404);
    const body = { vips: [vipDocument(2, 1)] };
    expect((await bench.ask("operator", "POST", "/clusters/nobody/vips", { body })).status).toBe(404);
  });

  it("tell the second of two editors, and who was first", async () => {
    await bench.cluster(1);
    const seen = (await bench.ask("viewer", "GET", "/clusters/cluster1")).headers.etag ?? "";
    const ann = bench.token("ann", "operator");
    const bob = bench.token("bob", "operator");
    const put = (token: string, last: number) =>
      bench.ask("operator", "PUT", "/clusters/cluster1", {
        token,
        headers: { "If-Match": seen },
        body: { ...clusterDocument(1), vip2ws: [vipDocument(1, 1), vipDocument(1, last)] },
      });
    expect((await put(ann, 2)).json).toMatchObject({ version: 2, changes: ["VIP added: 10.3.1.2"] });
    const second = await put(bob, 3);
    expect(second.status).toBe(412);
    expect(second.json.detail).toMatch(/at version 2 \(ann, \d{4}-.*\), not at the expected 1: somebody else changed it/);
    const { document } = (await bench.ask("viewer", "GET", "/clusters/cluster1")).json;
    expect(document.vip2ws.map(({ vip }) => vip)).toEqual(["10.3.1.1", "10.3.1.2"]);
  });

  it("are replaced, deleted and set back only by those who say what they saw", async () => {
    await bench.cluster(1);
    const whole = [
      ["PUT", "/clusters/cluster1", clusterDocument(1)],
      ["DELETE", "/clusters/cluster1", undefined],
      ["POST", "/clusters/cluster1/revert", { version: 1 }],
    ] as const;
    for (const [method, path, body] of whole) {
      const reply = await bench.ask("admin", method, path, { body });
      expect([method, reply.status, reply.json.title]).toEqual([method, 428, "Precondition Required"]);
    }
    const odd = await bench.ask("admin", "DELETE", "/clusters/cluster1", { headers: { "If-Match": "W/1" } });
    expect(odd.status).toBe(400);
    const other = await bench.ask("operator", "PUT", "/clusters/cluster1", { headers: { "If-Match": "*" }, body: clusterDocument(2) });
    expect(other.json.problems).toEqual([{ path: "name", text: expect.stringMatching("a cluster keeps its name") as string }]);
  });

  it("are emptied or deleted only on purpose", async () => {
    await bench.cluster(1);
    const headers = { "If-Match": '"1"' };
    const refused = await bench.ask("admin", "DELETE", "/clusters/cluster1", { headers });
    expect([refused.status, refused.json.kind]).toEqual([409, "unconfirmed"]);
    const done = await bench.ask("admin", "DELETE", "/clusters/cluster1?allow_removal=true", { headers });
    expect(done.json.changes).toEqual(["cluster cluster1 deleted"]);
    expect((await bench.ask("viewer", "GET", "/clusters/cluster1")).status).toBe(404);
    // Its versions are there, and it can come back.
    const back = await bench.ask("operator", "POST", "/clusters/cluster1/revert", { headers: { "If-Match": '"0"' }, body: { version: 1 } });
    expect([back.status, back.json.version]).toEqual([200, 3]);
  });

  it("have versions that can be looked at and gone back to", async () => {
    await bench.cluster(1);
    await bench.ask("operator", "POST", "/clusters/cluster1/vips", { body: { vips: [vipDocument(1, 2)] } });
    const versions = (await bench.ask("viewer", "GET", "/clusters/cluster1/versions")).json.versions;
    expect(versions.map(({ version, who, action }) => [version, who, action])).toEqual([
      [2, "operator-token", "lvs_vip_add"],
      [1, "operator-token", "lvs_create"],
    ]);
    const first = await bench.ask("viewer", "GET", "/clusters/cluster1/versions/1");
    expect(first.json.document.vip2ws).toHaveLength(1);
    const back = await bench.ask("operator", "POST", "/clusters/cluster1/revert", { headers: { "If-Match": '"2"' }, body: { version: 1 } });
    expect(back.json).toMatchObject({ version: 3, changes: ["VIP removed: 10.3.1.2"] });
    expect((await bench.ask("viewer", "GET", "/clusters/cluster1/versions/9")).status).toBe(404);
    expect((await bench.ask("viewer", "GET", "/clusters/nobody/versions")).status).toBe(404);
  });

  it("are audited under the name of the token", async () => {
    await bench.cluster(1);
    await bench.ask("operator", "POST", "/clusters/cluster1/vips", { token: bench.token("ann", "operator"), body: { vips: [vipDocument(1, 2)] } });
    const [entry] = await store.client.xrevrange("ab:test:audit", "+", "-", "COUNT", "1");
    const fields = entry?.[1] ?? [];
    const field = (name: string): string | undefined => fields[fields.indexOf(name) + 1];
    expect([field("who"), field("from"), field("action"), field("what")]).toEqual(["ann", "manager@127.0.0.1", "lvs_vip_add", "cluster cluster1"]);
  });
});

describe("the parts of a cluster", () => {
  const lb13 = () => ({ ...clusterDocument(1).lbinfos[0], hostname: "lb13-1.test", routerid: "10.1.1.13", internalip: "10.1.1.13" });
  const changes = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const reply = await bench.ask("operator", method, `/clusters/cluster1${path}`, { body });
    return reply.json.changes ?? [reply.status, reply.json.detail];
  };

  it("come, change and go; neighbours go together", async () => {
    await bench.cluster(1);
    expect(await changes("POST", "/vips", { vips: [2, 3, 4].map((last) => vipDocument(1, last)) })).toEqual(["VIPs added: 10.3.1.2, 10.3.1.3, 10.3.1.4"]);
    expect(await changes("DELETE", "/vips?vip=10.3.1.2&vip=10.3.1.3")).toEqual(["VIPs removed: 10.3.1.2, 10.3.1.3"]);
    expect(await changes("POST", "/lbs", { lbs: [lb13()] })).toEqual(["load balancer added: lb13-1.test"]);
    expect(await changes("DELETE", "/lbs?hostname=lb13-1.test")).toEqual(["load balancer removed: lb13-1.test"]);
    expect(await changes("POST", "/vips/10.3.1.1/wss", { wss: ["10.2.1.2", { name: "10.2.1.3", weight: 5 }] })).toEqual(["real servers added: 10.3.1.1 10.2.1.2, 10.3.1.1 10.2.1.3"]);
    expect(await changes("DELETE", "/vips/10.3.1.1/wss?name=10.2.1.2&name=10.2.1.3")).toEqual(["real servers removed: 10.3.1.1 10.2.1.2, 10.3.1.1 10.2.1.3"]);
    expect(await changes("POST", "/vips/10.3.1.1/ports", { ports: [{ sport: 443, dport: 443 }, { sport: 444, dport: 444 }] })).toEqual(["ports added: 10.3.1.1:443, 10.3.1.1:444"]);
    expect(await changes("PATCH", "/vips/10.3.1.1/ports/443", { persistence_timeout: 60 })).toEqual(["port changed: 10.3.1.1:443"]);
    expect(await changes("DELETE", "/vips/10.3.1.1/ports?sport=443&sport=444")).toEqual(["ports removed: 10.3.1.1:443, 10.3.1.1:444"]);
    expect(await changes("PUT", "/vips/10.3.1.1/wstype", { wstype: "search" })).toEqual(["VIP changed: 10.3.1.1"]);
  });

  it("are refused as a whole where one of them is wrong", async () => {
    await bench.cluster(1);
    expect(await changes("DELETE", "/vips?vip=10.3.1.1&vip=10.3.1.9")).toEqual([404, "there is no VIP 10.3.1.9; nothing was changed"]);
    expect(await changes("POST", "/vips", { vips: [vipDocument(1, 2), vipDocument(1, 1)] })).toEqual([409, "there is a VIP 10.3.1.1 already; nothing was changed"]);
    const outside = await bench.ask("operator", "POST", "/clusters/cluster1/vips", { body: { vips: [vipDocument(9, 1)] } });
    expect(outside.json.problems.map(({ rule }) => rule)).toEqual(["vipOutside"]);
    const shape = await bench.ask("operator", "POST", "/clusters/cluster1/vips/10.3.1.1/ports", { body: { ports: [{ sport: 0, dport: "80" }, null] } });
    expect(shape.json.problems.map(({ path }) => path)).toEqual(["ports[0].sport", "ports[0].dport", "ports[1]"]);
    expect((await bench.ask("viewer", "GET", "/clusters/cluster1")).json.version).toBe(1);
  });

  it("follow If-Match, too, where it is given", async () => {
    await bench.cluster(1);
    const stale = await bench.ask("operator", "POST", "/clusters/cluster1/vips", { headers: { "If-Match": '"7"' }, body: { vips: [vipDocument(1, 2)] } });
    expect(stale.status).toBe(412);
  });
});
