import { chmodSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KeptConnection } from "../promises/kept_connection.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { temporaryFolder } from "../support/installation.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const folder = temporaryFolder();
chmodSync(folder, 0o777);
const httpLevel = join(folder, "cache.conf");
writeFileSync(httpLevel, `proxy_cache_path ${join(folder, "cache")} keys_zone=spec:1m;\n`);

const BALANCE = `rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }`;

const upstreams = useUpstreamCluster({
  config: { include: [httpLevel] },
  locations: `
location ~ ^/slices/(?<to>[^/]+)$ {
  set $backend $to;
  ${BALANCE}
  slice 8;
  proxy_set_header Range $slice_range;
  proxy_pass http://$backend/;
}
location ~ ^/cached/(?<to>[^/]+)$ {
  set $backend $to;
  ${BALANCE}
  proxy_cache spec;
  proxy_cache_valid 200 1s;
  proxy_cache_use_stale updating;
  proxy_cache_background_update on;
  proxy_pass http://$backend/;
}
location ~ ^/part/(?<part>[^/]+)$ {
  content_by_lua_block { ngx.print(ngx.location.capture("/to/" .. ngx.var.part .. "/").body) }
}`,
});
const { cluster } = upstreams;

const CONTENT = "abcdefghijklmnopqrstuvwxyz";
let answered = 0;
let address = "";

/** Answers a part of a text, or how often it was asked. */
const server: Server = createServer((request, response) => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  if (range === null) {
    answered++;
    response.end(`answer ${answered}\n`);
    return;
  }
  const from = Number(range[1]);
  const part = CONTENT.slice(from, Number(range[2]) + 1);
  response.writeHead(206, { "Content-Range": `bytes ${from}-${from + part.length - 1}/${CONTENT.length}` }).end(part);
});

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  address = `127.0.0.1:${port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("subrequests that nginx begins behind the rewrite phase reach the upstream of their request", () => {
  for (const keepalive of ["", "keepalive 0;", "hash $slice_range; keepalive 4;"]) {
    test(`the slices of an answer (${keepalive})`, async () => {
      const [other = 0] = await freePorts(1);
      const name = await upstreams.set(`${keepalive} server ${address}; server 127.0.0.1:${other} max_fails=0;`);
      const wrong = await upstreams.set("server 127.0.0.1:1;");
      for (let n = 0; n < 4; n++) {
        expect((await cluster.send("any.test", { path: `/slices/${name}` })).text).toBe(CONTENT);
        expect((await cluster.send("any.test", { path: `/slices/${wrong}` })).status).toBe(502);
      }
      await upstreams.connsAre(name, 0);
    });
  }

  test("the update of a cache in the background, also of an upstream that was edited", async () => {
    const name = await upstreams.set(`server ${address};`);
    for (const body of [`server ${address} weight=2;`, `server ${address}; keepalive 0;`]) {
      const before = (await cluster.send("any.test", { path: `/cached/${name}` })).text;
      expect(before).toMatch(/^answer \d+\n$/);
      await upstreams.set(body, name);
      await until("the cache has a newer answer", async () => (await cluster.send("any.test", { path: `/cached/${name}` })).text !== before);
    }
  });
});

test("a peer that failed is back for upstreams that only subrequests reach", async () => {
  const [bad, good] = await upstreams.servers(2);
  const name = await upstreams.set(`server ${bad.address} fail_timeout=2s; server ${good.address};`);
  await bad.become("refuse");
  expect(await upstreams.answerers(name, 4)).toEqual(["s2", "s2", "s2", "s2"]);
  await bad.become("ok");
  await until("every other subrequest of a worker goes there", async () => {
    const connection = new KeptConnection(cluster.port);
    let there = 0;
    for (let n = 0; n < 10; n++) {
      const { body } = await connection.ask(`GET /part/${name} HTTP/1.1\r\nHost: any.test\r\n\r\n`);
      there += body === "this is s1 server\n" ? 1 : 0;
    }
    connection.close();
    return there === 5;
  }, 10_000);
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "subrequests");
});
