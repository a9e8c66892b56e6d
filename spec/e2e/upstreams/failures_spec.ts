import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { ConnectionLost, KeptConnection } from "../promises/kept_connection.ts";
import { WORKERS } from "../support/cluster.ts";
import { expectNoFaults } from "../support/error_log.ts";
import { freePorts } from "../support/free_ports.ts";
import { until } from "../support/until.ts";
import type { Mood } from "./health_backends.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const TIMEOUT = "proxy_connect_timeout 1s; proxy_read_timeout 300ms;";

const upstreams = useUpstreamCluster({
  proxy: `${TIMEOUT} proxy_next_upstream error timeout http_500; error_page 418 = @none;`,
  locations: `
location ~ ^/twice/(?<to>[^/]+)(?<rest>/.*)$ {
  set $backend $to;
  rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }
  ${TIMEOUT} proxy_next_upstream_tries 2;
  proxy_pass http://$backend$rest;
}
location ~ ^/briefly/(?<to>[^/]+)(?<rest>/.*)$ {
  set $backend $to;
  rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }
  ${TIMEOUT} proxy_next_upstream_timeout 100ms;
  proxy_pass http://$backend$rest;
}
location ~ ^/else/(?<to>[^/]+)/(?<other>[^/]+)$ {
  set $backend $to;
  rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }
  error_page 502 = @else;
  proxy_pass http://$backend/;
}
location @else {
  set $backend $other;
  rewrite_by_lua_block { require("dygateway.phases.rewrite").balance() }
  proxy_pass http://$backend;
}
location = /long {
  content_by_lua_block {
    local variables = require("dygateway.gateway.variables")
    local name = ("a"):rep(1000000)
    ngx.say(tostring(variables.readVariable(name)), " ", variables.readNumber(name))
  }
}
location ~ ^/parts/(?<part>[^/]+)$ {
  content_by_lua_block {
    local answers = { ngx.location.capture_multi({ { "/to/" .. ngx.var.part .. "/" }, { "/to/" .. ngx.var.part .. "/" } }) }
    for _, answer in ipairs(answers) do ngx.print(answer.status, " ", answer.body) end
  }
}`,
});
const { cluster } = upstreams;

/** Requests on one connection, that is to one worker. */
async function onOneConnection(path: string, count: number): Promise<string[]> {
  const connection = new KeptConnection(cluster.port);
  const answers: string[] = [];
  for (let n = 0; n < count; n++) {
    const { status, body } = await connection.ask(`GET ${path} HTTP/1.1\r\nHost: any.test\r\n\r\n`);
    answers.push(/^this is (\w+) server\n$/.exec(body)?.[1] ?? `${status}`);
  }
  connection.close();
  return answers;
}

/** Waits until what one worker has learnt of the first peer of an upstream is known to all. */
function isLeftOut(name: string): Promise<void> {
  return until("every worker leaves it out", async () => {
    const { workers } = await upstreams.firstPeer(name);
    return workers.length === WORKERS && workers.every((worker) => !worker.open);
  });
}

describe("a peer that fails", () => {
  const moods: readonly (readonly [mood: Mood, inLog: string])[] = [
    ["refuse", "(111: Connection refused)"],
    ["cut", "upstream prematurely closed connection"],
    ["reset", "(104: Connection reset by peer)"],
    ["hang", "(110: Connection timed out)"],
    ["error", ""],
  ];
  for (const [mood, inLog] of moods) {
    test(`${mood}: the next one is tried in the same request, and it is left out until its time is over`, async () => {
      const [bad, good] = await upstreams.servers(2);
      const name = await upstreams.set(`server ${bad.address} fail_timeout=60s; server ${good.address};`);
      await bad.become(mood);
      const answers = await onOneConnection(`/to/${name}/`, 10);
      expect(answers).toEqual(answers.map(() => "s2"));
      const said = cluster.gateway.errorLog().split("\n").filter((line) => line.includes(`upstream: "http://${bad.address}/`));
      expect(said.filter((line) => line.includes(inLog)).length).toBe(inLog === "" ? 0 : 1);
      expect((await upstreams.peers(name)).map(({ failures }) => failures)).toEqual([1, 0]);
      await isLeftOut(name);
      await upstreams.connsAre(name, 0);
    });
  }

  test("comes back when its fail_timeout is over", async () => {
    const [bad, good] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${bad.address} fail_timeout=2s; server ${good.address};`);
    await bad.become("refuse");
    expect(await onOneConnection(`/to/${name}/`, 4)).toEqual(["s2", "s2", "s2", "s2"]);
    await isLeftOut(name);
    await bad.become("ok");
    expect(await upstreams.answerers(name, 8)).not.toContain("s1");
    await until("it is tried again", async () => (await upstreams.answerers(name, 8)).includes("s1"));
  });

  test("comes back with a share that grows during its slow_start", async () => {
    const [bad, good] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${bad.address} weight=12 fail_timeout=1s slow_start=3s; server ${good.address} weight=12;`);
    const shareOf100 = async (): Promise<number> => (await onOneConnection(`/to/${name}/`, 100)).filter((who) => who === "s1").length;
    expect(await shareOf100()).toBe(50);
    await bad.become("refuse");
    expect(await onOneConnection(`/to/${name}/`, 4)).toEqual(["s2", "s2", "s2", "s2"]);
    await isLeftOut(name);
    await bad.become("ok");
    await until("it is tried again", async () => (await upstreams.answerer(name)) === "s1");
    await until("every worker knows", async () => (await upstreams.firstPeer(name)).workers.every(({ open }) => open));
    const atFirst = await shareOf100();
    // A quarter of its weight in the first second, half in the next: 20 and 33 of 100.
    expect(atFirst).toBeGreaterThan(0);
    expect(atFirst).toBeLessThan(45);
    await until("its share is its weight's", async () => (await shareOf100()) === 50, 8000);
  });

  test("is not left out for what only the client has broken off", async () => {
    const [slow] = await upstreams.servers(1);
    const other = await upstreams.server("other");
    const name = await upstreams.set(`server ${slow.address}; server ${other.address};`);
    await slow.become("hang");
    await other.become("hang");
    const connection = new KeptConnection(cluster.port);
    const lost = connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`).catch((error: unknown) => error);
    await upstreams.connsAre(name, 1);
    connection.close();
    expect(await lost).toBeInstanceOf(ConnectionLost);
    await upstreams.connsAre(name, 0);
    const peers = await upstreams.peers(name);
    expect(peers.map(({ failures }) => failures)).toEqual([0, 0]);
  });

  test("the last that a request tries counts as well", async () => {
    const [one, two] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${one.address}; server ${two.address};`);
    await Promise.all([one.become("refuse"), two.become("refuse")]);
    expect(await upstreams.answerer(name)).toBe("502");
    expect((await upstreams.peers(name)).map(({ failures }) => failures)).toEqual([1, 1]);
    expect(await upstreams.panics(name)).toBe(0);
    await until("every worker leaves out both", async () => (await upstreams.peers(name)).every(({ workers }) => workers.length === WORKERS && workers.every(({ open }) => !open)));
    await Promise.all([one.become("ok"), two.become("ok")]);
    // Nobody is there to be tried, so all are: nginx's quick recovery.
    expect(["s1", "s2"]).toContain(await upstreams.answerer(name));
    await until("it is counted", async () => (await upstreams.panics(name)) === 1);
  });
});

describe("tries", () => {
  test("are as many as there are peers, or as proxy_next_upstream_tries allows", async () => {
    const servers = await upstreams.servers(4);
    const body = servers.map(({ address }) => `server ${address} max_fails=0;`).join(" ");
    const name = await upstreams.set(body);
    await Promise.all(servers.slice(0, 3).map((server) => server.become("refuse")));
    expect(await upstreams.answerers(name, 8)).toEqual(Array.from({ length: 8 }, () => "s4"));
    await servers[3].become("refuse");
    const before = cluster.gateway.errorLog().length;
    const answer = await cluster.send("any.test", { path: `/twice/${name}/` });
    expect(answer.status).toBe(502);
    const refused = cluster.gateway.errorLog().slice(before).split("\n").filter((line) => line.includes("Connection refused"));
    expect(refused.length).toBe(2);
  });

  test("end with proxy_next_upstream_timeout", async () => {
    const servers = await upstreams.servers(3);
    const name = await upstreams.set(servers.map(({ address }) => `server ${address} max_fails=0;`).join(" "));
    await Promise.all(servers.map((server) => server.become("hang")));
    expect((await cluster.send("any.test", { path: `/briefly/${name}/` })).status).toBe(504);
    const peers = await upstreams.peers(name);
    expect(peers.map(({ requests }) => requests)).toEqual([1, 0, 0]);
  });

  test("of the only peer go on with a new connection, when it has closed one that was kept", async () => {
    // Closes each connection when its second request has come: what a server does whose patience ends just then.
    let connections = 0;
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, answer) => {
      const { socket } = request;
      if (served.has(socket)) {
        socket.destroy();
      } else {
        served.add(socket);
        answer.end("this is only server\n");
      }
    });
    const served = new WeakSet<object>();
    server.on("connection", () => {
      connections++;
    });
    const [port = 0] = await freePorts(1);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const name = await upstreams.set(`server 127.0.0.1:${port};`);
    const answers = await onOneConnection(`/to/${name}/`, 10);
    expect(answers).toEqual(answers.map(() => "only"));
    expect(connections).toBe(10);
    await upstreams.connsAre(name, 0);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("of a POST end with the first peer that may have begun with it, as in nginx", async () => {
    const [bad, good] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${bad.address} max_fails=0; server ${good.address} backup;`);
    await bad.become("cut");
    expect(await upstreams.answerer(name, { body: "once" })).toBe("502");
    expect(await upstreams.answerer(name)).toBe("s2");
    await bad.become("refuse");
    expect(await upstreams.answerer(name, { body: "not yet begun" })).toBe("s2");
  });
});

describe("who is chosen", () => {
  test("backups only when no primary can be tried", async () => {
    const [primary, backup] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${primary.address} fail_timeout=1s; server ${backup.address} backup;`);
    expect(await onOneConnection(`/to/${name}/`, 5)).toEqual(["s1", "s1", "s1", "s1", "s1"]);
    await primary.become("refuse");
    expect(await onOneConnection(`/to/${name}/`, 5)).toEqual(["s2", "s2", "s2", "s2", "s2"]);
    await primary.become("ok");
    await until("the primary is back", async () => (await upstreams.answerer(name)) === "s1");
  });

  test("nobody above max_conns of a worker, who is free again when a request ends or is broken off", async () => {
    const [server] = await upstreams.servers(1);
    const spare = await upstreams.server("spare");
    const name = await upstreams.set(`server ${server.address} max_conns=1 max_fails=0; server ${spare.address} backup;`);
    await server.become("hang");
    const connection = new KeptConnection(cluster.port);
    const { head } = await connection.ask("GET / HTTP/1.1\r\nHost: any.test\r\n\r\n");
    const worker = /x-worker: (\d+)/i.exec(head)?.[1];
    const held = connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`).catch(() => undefined);
    await upstreams.connsAre(name, 1);
    await until("another connection of the same worker gets the backup", async () => {
      const { headers, text } = await upstreams.visit(name, { path: "/?again" });
      return headers["x-worker"] === worker && text === "this is spare server\n";
    });
    connection.close();
    await held;
    await upstreams.connsAre(name, 0);
    await server.become("ok");
    expect(await onOneConnection(`/to/${name}/`, 3)).toEqual(["s1", "s1", "s1"]);
  });

  test("by the key of the hash, whichever worker is asked", async () => {
    const servers = await upstreams.servers(4);
    const name = await upstreams.set(`hash $arg_who$http_x_more consistent; ${servers.map(({ address }) => `server ${address};`).join(" ")}`);
    const seen = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => upstreams.answerer(name, { path: `/?who=${user}`, headers: { "X-More": "m" } })),
      );
      expect(new Set(answers).size).toBe(1);
      seen.add(answers[0] ?? "");
    }
    expect(seen.size).toBeGreaterThan(2);
  });

  test("by a key of as many parts as it has", async () => {
    const servers = (await upstreams.servers(4)).map(({ address }) => `server ${address};`).join(" ");
    const keys = ["$arg_all", "12$arg_c", "$arg_a$arg_b$arg_c", "$arg_a${arg_b}$arg_c$arg_none", "1$arg_b$arg_c$arg_none$arg_none"];
    const names = await Promise.all(keys.map((key) => upstreams.set(`hash "${key}"; ${servers}`)));
    for (let user = 0; user < 10; user++) {
      const path = `/?all=12${user}&a=1&b=2&c=${user}`;
      const answers = await Promise.all(names.map((name) => upstreams.answerer(name, { path })));
      expect(answers[0]).toMatch(/^s\d$/);
      expect(new Set(answers).size).toBe(1);
    }
  });
});

test("a variable's name may be of any length", async () => {
  expect((await cluster.send("any.test", { path: "/long" })).text).toBe("nil -1\n");
});

describe("running requests are counted right", () => {
  test("when an error page sends a request from one upstream to another", async () => {
    const [bad, worse] = await upstreams.servers(2);
    const good = await upstreams.server("other");
    await Promise.all([bad.become("refuse"), worse.become("refuse")]);
    const first = await upstreams.set(`server ${bad.address} max_fails=3; server ${worse.address} max_fails=3 backup;`);
    const second = await upstreams.set(`server ${good.address};`);
    const answer = await cluster.send("any.test", { path: `/else/${first}/${second}` });
    expect(answer.text).toBe("this is other server\n");
    await upstreams.connsAre(first, 0);
    await upstreams.connsAre(second, 0);
    expect((await upstreams.peers(first)).map(({ failures }) => failures)).toEqual([1, 1]);
    // To one that nginx itself knows.
    expect((await cluster.send("any.test", { path: `/else/${first}/beta1` })).text).toBe("this is beta1 server\n");
    await upstreams.connsAre(first, 0);
  });

  test("when a request has parts of its own", async () => {
    const [one, two] = await upstreams.servers(2);
    const name = await upstreams.set(`server ${one.address}; server ${two.address};`);
    const answer = await cluster.send("any.test", { path: `/parts/${name}` });
    expect(answer.text).toMatch(/^(200 this is s[12] server\n){2}$/);
    await one.become("refuse");
    const again = await cluster.send("any.test", { path: `/parts/${name}` });
    expect(again.text).toBe("200 this is s2 server\n".repeat(2));
    await upstreams.connsAre(name, 0);
  });

  test("when peers answer, fail and are broken off in any mixture, while the upstream changes", async () => {
    const servers = await upstreams.servers(4);
    const body = (weight: number): string => servers.map(({ address }, i) => `server ${address} weight=${i === 0 ? weight : 1} max_fails=0;`).join(" ");
    const name = await upstreams.set(body(1));
    await Promise.all([servers[0].become("hang"), servers[1].become("cut"), servers[2].become("error")]);
    let over = false;
    const clients = Array.from({ length: 12 }, async (_, n) => {
      while (!over) {
        const connection = new KeptConnection(cluster.port);
        const asked = connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`).catch(() => undefined);
        await (n % 2 === 0 ? asked : sleep(n));
        connection.close();
        await asked;
      }
    });
    for (let weight = 2; weight < 12; weight++) {
      await upstreams.set(body(weight), name);
    }
    over = true;
    await Promise.all(clients);
    await upstreams.connsAre(name, 0);
  });
});

test("nothing broke on the way", () => {
  expectNoFaults(cluster, "failures");
});
