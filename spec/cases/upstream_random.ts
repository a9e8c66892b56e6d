import { serverDefaults } from "../../src/dygateway/core/upstream/model.ts";
import type { Balance, HealthCheck, Keepalive, Server, Upstream } from "../../src/dygateway/core/upstream/model.ts";
import type { Random } from "./random.ts";

const weights = [1, 1, 1, 2, 3, 5, 100, 65535] as const;
const texts = ["ok", "all is well", 'say "ok"', "back\\slash", "semi;colon", "brace{d}", "hash#", "é中", "it's", "$uri", "x=y"] as const;
const keys = ["$remote_addr", "$request_uri", "${arg_id}x", "$http_x_uid-$uri", "a b $host", 'quo"te$uri', "back\\$uri", "fixed"] as const;

function address(dice: Random, at: number): string {
  const port = 1 + dice.below(65535);
  switch (dice.below(5)) {
    case 0:
      return `[2001:db8::${(at + 1).toString(16)}]:${port}`;
    case 1:
      return `unix:/run/app-${at}.sock`;
    case 2:
      return `app${at}.example:${port}`;
    default:
      return `10.0.${Math.floor(at / 250)}.${at % 250}:${port}`;
  }
}

function server(dice: Random, at: number, way: Balance): Server {
  const isConsistent = way.kind === "hash" && way.consistent;
  const mayBeBackup = at > 0 && (way.kind === "round_robin" || way.kind === "least_conn");
  const plain = { ...serverDefaults, address: address(dice, at), weight: isConsistent ? 1 + dice.below(5) : dice.pick(weights) };
  if (dice.below(2) === 0) {
    return plain;
  }
  return {
    ...plain,
    maxFails: dice.below(4),
    failTimeout: dice.below(100),
    maxConns: dice.below(3) * 10,
    slowStart: dice.below(2) * 30,
    backup: mayBeBackup && dice.below(3) === 0,
    down: dice.below(5) === 0,
    drain: dice.below(8) === 0,
    out: dice.below(8) === 0,
  };
}

function balance(dice: Random): Balance {
  switch (dice.below(6)) {
    case 0:
      return { kind: "least_conn" };
    case 1:
      return { kind: "ip_hash" };
    case 2:
      return { kind: "random", two: dice.below(2) === 0 };
    case 3:
      return { kind: "hash", key: dice.pick(keys), consistent: dice.below(2) === 0 };
    default:
      return { kind: "round_robin" };
  }
}

function keepalive(dice: Random): Keepalive | undefined {
  if (dice.below(2) === 0) {
    return undefined;
  }
  return {
    connections: dice.below(3) * 50,
    timeout: dice.below(2) === 0 ? undefined : dice.below(100000) / 1000,
    requests: dice.below(2) === 0 ? undefined : 1 + dice.below(1000),
  };
}

function check(dice: Random): HealthCheck | undefined {
  if (dice.below(2) === 0) {
    return undefined;
  }
  const common = {
    interval: (100 + dice.below(10000)) / 1000,
    timeout: (10 + dice.below(1000)) / 1000,
    rise: 1 + dice.below(5),
    fall: 1 + dice.below(5),
    port: dice.below(2) * 9000,
    initial: dice.below(2) === 0 ? ("up" as const) : ("down" as const),
  };
  return dice.below(3) === 0
    ? { type: "tcp", method: "GET", path: "/", host: "", expect: [200, 204], body: "", ...common }
    : {
        type: "http",
        method: dice.pick(["GET", "HEAD"]),
        path: dice.pick(["/", "/health", "/a?b=c&d=%20"]),
        host: dice.pick(["", "app.example"]),
        expect: dice.pick([[200, 204], [200], [301, 302]]),
        body: dice.pick(["", ...texts]),
        ...common,
      };
}

/** Any upstream that there can be, with up to `most` servers. */
export function randomUpstream(dice: Random, most: number): Upstream {
  const way = balance(dice);
  const servers: Server[] = [];
  const count = 1 + dice.below(most);
  for (let i = 0; i < count; i++) {
    servers.push(server(dice, i, way));
  }
  return { servers, balance: way, keepalive: keepalive(dice), check: check(dice) };
}

const pieces = [
  "server", "10.0.0.1:80", "a:1", "weight=", "2", "weight=2", "backup", ";", ";", " ", " ", "\n", "{", "}", '"', "'", "\\", "#", "$", "${", "[", "]",
  "::1", "keepalive", "8", "least_conn", "hash", "$uri", "consistent", "check", "type=tcp", "include", "unix:/a", "=", ",", "é", "\u0000", "\t",
] as const;

/** A body with one to three pieces of bodies put in or its characters taken out, anywhere; few of them are right. */
export function damagedBody(dice: Random, body: string): string {
  let text = body;
  const count = 1 + dice.below(3);
  for (let i = 0; i < count; i++) {
    const at = dice.below(text.length + 1);
    const isInsertion = dice.below(2) === 0;
    text = text.slice(0, at) + (isInsertion ? dice.pick(pieces) : "") + text.slice(isInsertion ? at : at + 1 + dice.below(4));
  }
  return text;
}
