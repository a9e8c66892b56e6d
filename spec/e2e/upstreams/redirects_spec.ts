import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectNoFaults } from "../support/error_log.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const BALANCE = `rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }`;

const upstreams = useUpstreamCluster({
  locations: `
location ~ ^/own/(?<to>[^/]+)/ {
  set $backend $to;
  ${BALANCE}
  error_page 502 504 = @own;
  proxy_pass http://$backend/;
}
location @own {
  proxy_pass http://beta1;
}
location ~ ^/broken/(?<to>[^/]+)/ {
  set $backend $to;
  ${BALANCE}
  proxy_intercept_errors on;
  error_page 500 = @broken;
  proxy_pass http://$backend/;
}
location @broken {
  set $backend nobody;
  proxy_pass http://127.0.0.1:1;
}
location ~ ^/again/(?<to>[^/]+)/ {
  set $backend $to;
  ${BALANCE}
  proxy_next_upstream off;
  error_page 502 = @again;
  proxy_pass http://$backend/;
}
location @again {
  proxy_next_upstream off;
  proxy_pass http://$backend;
}`,
});
const { cluster } = upstreams;

async function loggedBackend(path: string): Promise<string> {
  const line = new RegExp(`"GET ${path} HTTP/1.1" .* backend=(\\S+) `);
  let backend = "";
  await until(`${path} is in the access log`, () => {
    backend = line.exec(readFileSync(join(cluster.folder, "logs", "access.log"), "utf8"))?.[1] ?? "";
    return Promise.resolve(backend !== "");
  });
  return backend;
}

async function failures(name: string): Promise<number[]> {
  return (await upstreams.peers(name)).map((peer) => peer.failures);
}

describe("an error page that leads to an upstream of nginx's own", () => {
  test("hides no failure", async () => {
    const [one, two] = await upstreams.servers(2);
    await Promise.all([one.become("refuse"), two.become("cut")]);
    const name = await upstreams.set(`server ${one.address}; server ${two.address};`);
    expect((await cluster.send("any.test", { path: `/own/${name}/` })).text).toBe("this is beta1 server\n");
    await upstreams.connsAre(name, 0);
    expect(await failures(name)).toEqual([1, 1]);
  });

  test("is not the upstream in the access log, if that has answered", async () => {
    const [server] = await upstreams.servers(1);
    const name = await upstreams.set(`server ${server.address};`);
    await cluster.send("any.test", { path: `/own/${name}/fine` });
    expect(await loggedBackend(`/own/${name}/fine`)).toBe(name);
    await server.become("refuse");
    await cluster.send("any.test", { path: `/own/${name}/failed` });
    expect(await loggedBackend(`/own/${name}/failed`)).toBe("-");
  });

  test("counts none that is not the peer's", async () => {
    const [server] = await upstreams.servers(1);
    const name = await upstreams.set(`server ${server.address};`);
    await server.become("error");
    expect((await cluster.send("any.test", { path: `/broken/${name}/x` })).status).toBe(502);
    await upstreams.connsAre(name, 0);
    expect(await failures(name)).toEqual([0]);
    expect(await loggedBackend(`/broken/${name}/x`)).toBe("nobody");
  });
});

test("an error page that leads to the same upstream again begins anew there", async () => {
  const [bad, good] = await upstreams.servers(2);
  const name = await upstreams.set(`server ${bad.address} max_fails=0; server ${good.address} max_fails=0;`);
  await bad.become("refuse");
  for (let n = 0; n < 8; n++) {
    expect((await cluster.send("any.test", { path: `/again/${name}/${n}` })).text).toBe("this is s2 server\n");
    expect(await loggedBackend(`/again/${name}/${n}`)).toBe(name);
  }
  await upstreams.connsAre(name, 0);
  const [first = 0, second] = await failures(name);
  expect(first).toBeGreaterThan(0);
  expect(second).toBe(0);
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "redirects");
});
