import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Nginx } from "./nginx.ts";
import { prepareGateway, type GatewayOptions, type Site } from "./gateway.ts";
import type { Stand } from "./stand.ts";

/**
 * `bare`: the gateway's own configuration without Lua, the static upstream `stable`. `map`: the same, with the upstream chosen by
 * a `map` of the uid's last digit. `plain`: as bare, with the headers to the backend as most people write them. `empty`:
 * as bare, in the gateway's rendered location and with Lua that does nothing: what entering Lua costs. `balancer`: as
 * `empty`, and through a balancer in Lua that takes the next of its servers, with a log phase that does nothing.
 */
export type PlainKind = "bare" | "map" | "plain" | "empty" | "balancer";

/**
 * An nginx to compare the gateway with. It is what `dygateway render` makes, less everything that is Lua, so that the
 * difference between the two is diversion and nothing else.
 */
export async function preparePlainNginx(
  site: Site,
  name: string,
  kind: PlainKind,
  cpu: number | undefined,
  upstreams: Pick<GatewayOptions, "upstreams"> = {},
  extra: string = "",
): Promise<Nginx> {
  const gateway = await prepareGateway(site, { name, workers: 1, hostkey: name, cpu, ...upstreams });
  const { conf } = gateway.place;
  const file = join(conf, "nginx.conf");
  const lines = readFileSync(file, "utf8").split("\n");
  const lua = /^\s*(load_module|lua_\w+|init_by_lua_block|init_worker_by_lua_block|log_by_lua_block)\b/;
  const balancers = /^\s*upstream dygateway_balancer\w* \{[\s\S]*?^\s*\}\n/gm;
  const others = /^\s*include (default\.conf|vhosts)/;
  const module = /^\s*load_module\b/;
  const isGone = (line: string): boolean => lua.test(line) && !(hasLua[kind] && module.test(line));
  const kept = lines.filter((line) => !isGone(line) && !others.test(line)).join("\n");
  // It names variables of the gateway's locations, and nothing is logged.
  const logFormat = /^\s*log_format dygateway [^;]*;\n/m;
  writeFileSync(file, kept.replace(logFormat, "").replace(balancers, "").replace("include upstream.conf;", "include upstream.conf;\n    include site.conf;"));
  writeFileSync(join(conf, "site.conf"), extra + server(kind, gateway.port));
  for (const gone of ["default.conf", "vhosts", "dygateway.json"]) {
    rmSync(join(conf, gone), { recursive: true, force: true });
  }
  return plain(site.stand, gateway);
}

function plain(stand: Stand, gateway: Nginx): Nginx {
  return new Nginx(stand, gateway.place);
}

function rendered(way: string, balanced: string): string {
  return `
        set $hostkey bench;
        set $backend stable;
        set_by_lua_block $dygateway_way { return "${way}" }
        if ($dygateway_way = balanced) {${balanced}
            break;
        }
        if ($dygateway_way = rewrite) {
            proxy_pass http://$backend;
        }`;
}

const passed = `
            proxy_pass http://$backend;`;
const balanced = `
            log_by_lua_block { return }
            proxy_pass http://balancer;`;

/** As the gateway's rule: digits 1, 3, 5, 7 are diverted. */
const digitMap = `map $http_x_uid $by_last_digit {
    default stable;
    "~[17]$" beta1;
    "~3$" beta2;
    "~5$" beta3;
}
`;

const usualHeaders = `
        proxy_set_header Host $host;
        proxy_set_header Connection "";
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;`;

const hasLua: Readonly<Record<PlainKind, boolean>> = { bare: false, map: false, plain: false, empty: true, balancer: true };
const inLocation: Readonly<Record<PlainKind, string>> = {
  bare: "",
  map: "",
  plain: usualHeaders,
  empty: rendered("", passed),
  balancer: rendered("balanced", balanced),
};

/**
 * The least that a balancer in Lua does: the next of its servers, and nothing is chosen, counted or remembered.
 *
 * @param servers IPv4 addresses with ports, each as often as its weight. @param keepalive idle connections.
 * @returns what goes before the server block of `balancer`.
 */
export function leastBalancer(servers: readonly string[], keepalive: number): string {
  const named = servers.map((server) => {
    const [host = "", port = ""] = server.split(":");
    return `{ "${host}", ${port} }`;
  });
  return `init_by_lua_block {
    local set_current_peer = require("ngx.balancer").set_current_peer
    local servers = { ${named.join(", ")} }
    local last = 0
    function next_server()
        last = last % #servers + 1
        local server = servers[last]
        set_current_peer(server[1], server[2])
    end
}
upstream balancer {
    server 0.0.0.1;
    balancer_by_lua_block { next_server() }
    keepalive ${keepalive};
}
`;
}

function server(kind: PlainKind, port: number): string {
  const upstream = kind === "map" ? "$by_last_digit" : hasLua[kind] ? "$backend" : "stable";
  return `${kind === "map" ? digitMap : ""}server {
    listen 127.0.0.1:${port} reuseport backlog=4096;
    server_name bench.test;
    location / {${inLocation[kind]}
        proxy_pass http://${upstream};
    }
}
`;
}
