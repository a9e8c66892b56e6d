import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KeptConnection } from "../promises/kept_connection.ts";
import { freePorts } from "../support/free_ports.ts";
import { namedServers, startNativeNginx, type NativeNginx } from "../support/native_nginx.ts";
import { seededDice, type Dice } from "../support/seeded_dice.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster();
const SERVERS = 8;
const DEFINITIONS = 12;
const REQUESTS = 150;

const dice: Dice = seededDice("sequence");
let native: NativeNginx;
let ports: Record<string, number>;
let nativePort: number;
let bodies: string[];

/** Some servers with weights of their own, some of them backups or down; at least one primary is up. */
function drawBody(addresses: readonly string[]): string {
  const chosen = dice.shuffled(addresses).slice(0, dice.between(1, addresses.length));
  const servers = chosen.map((address, i) => {
    const weight = dice.chance(70) ? ` weight=${dice.between(1, 9)}` : "";
    const place = i === 0 ? "" : dice.chance(20) ? " backup" : dice.chance(20) ? " down" : "";
    return `server ${address}${weight}${place};`;
  });
  return servers.join(" ");
}

beforeAll(async () => {
  const [port = 0, ...own] = await freePorts(SERVERS + 1);
  nativePort = port;
  ports = Object.fromEntries(own.map((at, i) => [`s${i}`, at]));
  const addresses = own.map((at) => `127.0.0.1:${at}`);
  bodies = Array.from({ length: DEFINITIONS }, () => drawBody(addresses));
  const blocks = bodies.map((body, i) => `upstream n${i} { ${body} }\n`).join("");
  const entry = `server { listen 127.0.0.1:${nativePort}; location ~ ^/to/(?<to>[^/]+)/ { proxy_pass http://$to; } }\n`;
  native = await startNativeNginx(join(upstreams.cluster.folder, "native"), blocks + namedServers(ports) + entry, nativePort);
});
afterAll(() => native.stop());

/** Who answers on one connection, which is one worker. */
async function sequence(port: number, name: string): Promise<string> {
  const connection = new KeptConnection(port);
  const names: string[] = [];
  for (let n = 0; n < REQUESTS; n++) {
    const { body } = await connection.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`);
    names.push(body.trim());
  }
  connection.close();
  return names.join(" ");
}

test("servers follow each other as in nginx", async () => {
  for (const [i, body] of bodies.entries()) {
    const name = await upstreams.set(body);
    const [ours, theirs] = [await sequence(upstreams.cluster.port, name), await sequence(nativePort, `n${i}`)];
    expect(ours, `${body} (seed ${dice.seed})`).toBe(theirs);
  }
});
