import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import { render } from "./support/gateway.ts";

const policy = { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] };

describe("without a token", () => {
  const cluster = useCluster();
  const asked = async (headers: Record<string, string>): Promise<number> =>
    (await cluster.admin("policy_set", {}, policy, { headers })).status;

  test("the Host must be one of the admin's names, on whatever port", async () => {
    for (const host of ["127.0.0.1", `127.0.0.1:${cluster.adminPort}`, "localhost:9", "LOCALHOST", "[::1]:8080"]) {
      expect([host, await asked({ Host: host })]).toEqual([host, 200]);
    }
    for (const host of ["api.weibo.cn", "evil.test:8080", "127.0.0.1.evil.test", "127.0.0.2", "[::2]", "localhost.evil.test"]) {
      const answer = await cluster.admin("policy_list", {}, undefined, { headers: { Host: host } });
      expect([host, answer.status, answer.code]).toEqual([host, 403, 403]);
      expect(answer.desc).toContain(host);
    }
  });

  test("what a browser sends for another site is refused, and nothing is stored", async () => {
    const before = await cluster.redis.client.get("ab:test:revision");
    const own = `127.0.0.1:${cluster.adminPort}`;
    const refused = [
      { Origin: "http://evil.test" },
      { Origin: "null" },
      { Origin: `http://127.0.0.1:${cluster.adminPort + 1}` },
      { Origin: `http://${own}.evil.test` },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
    ];
    for (const headers of refused) {
      expect([headers, await asked(headers as unknown as Record<string, string>)]).toEqual([headers, 403]);
    }
    expect(await cluster.redis.client.get("ab:test:revision")).toBe(before);
    expect(await asked({ Origin: `http://${own}`, "Sec-Fetch-Site": "same-origin" })).toBe(200);
    expect(await asked({ "Sec-Fetch-Site": "none" })).toBe(200);
  });

  test("the admin interface is not on the traffic port, nor traffic on the admin's", async () => {
    const traffic = await cluster.send("127.0.0.1", { path: "/ab_admin?action=policy_list" });
    expect(traffic.text).toBe("this is stable server\n");
  });
});

describe("with a token", () => {
  const token = "s3cret-Token/+=";
  const cluster = useCluster({
    config: ({ adminPort }) => ({ admin: { listen: `127.0.0.1:${adminPort}`, token, hosts: ["127.0.0.1", "admin.weibo.cn"] } }),
    statusHeaders: { Authorization: `Bearer ${token}` },
  });

  test("every action needs it", async () => {
    const constant =
      '{"code":401,"desc":"unauthorized: this admin interface needs the header \'Authorization: Bearer <token>\'"}';
    const wrong = [
      {},
      { Authorization: "" },
      { Authorization: token },
      { Authorization: `Basic ${token}` },
      { Authorization: "Bearer" },
      { Authorization: "Bearer " },
      { Authorization: `Bearer ${token}x` },
      { Authorization: `Bearer ${token.slice(0, -1)}` },
      { Authorization: `Bearer ${token.toUpperCase()}` },
      { Authorization: `Bearer x${token.slice(1)}` },
    ];
    for (const headers of wrong) {
      for (const action of ["policy_list", "policy_set", "status", "nonsense", "store_accept"]) {
        const answer = await cluster.admin(action, {}, policy, { headers: { ...headers } });
        expect([headers, answer.status, answer.text]).toEqual([headers, 401, constant]);
        expect(answer.headers["www-authenticate"]).toBe('Bearer realm="dygateway"');
      }
    }
    expect(await cluster.redis.client.keys("*")).toEqual([]);
  });

  test("with it, all is as ever; the Host counts all the same", async () => {
    const headers = { Authorization: `Bearer ${token}` };
    expect((await cluster.admin("policy_set", {}, policy, { headers })).code).toBe(200);
    expect((await cluster.admin("policy_list", {}, undefined, { headers: { ...headers, Host: "admin.weibo.cn:80" } })).code).toBe(200);
    expect((await cluster.admin("policy_list", {}, undefined, { headers: { ...headers, Host: "localhost" } })).status).toBe(403);
    expect((await cluster.admin("policy_list", {}, undefined, { headers: { Authorization: `bearer ${token}` } })).code).toBe(200);
  });

  test("rendering refuses an admin listener beyond this machine without one", () => {
    const config = (admin: object): object => ({
      listeners: { http: cluster.port },
      hosts: [{ server_name: "a.test", default_upstream: "stable" }],
      upstreams: { stable: { servers: ["127.0.0.1:1"] } },
      admin,
      paths: { install: cluster.prefix, run: `${cluster.folder}/r`, logs: `${cluster.folder}/l`, snapshot: `${cluster.folder}/refused/s` },
    });
    const folder = `${cluster.folder}/refused`;
    for (const listen of ["0.0.0.0:8080", 8080, "10.0.0.5:8080", "[::]:8080"]) {
      expect(() => render(cluster.prefix, folder, config({ listen }))).toThrow(/token/);
    }
    for (const listen of ["127.0.0.1:8080", "[::1]:8080", `unix:${cluster.folder}/admin.sock`]) {
      render(cluster.prefix, folder, config({ listen }));
    }
    render(cluster.prefix, folder, config({ listen: "0.0.0.0:8080", token: "t0ken" }));
  });
});
