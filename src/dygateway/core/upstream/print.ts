import { noPause } from "../result.ts";
import type { Pause } from "../result.ts";
import { checkDefaults, serverDefaults } from "./model.ts";
import type { Balance, HealthCheck, Keepalive, Server, Upstream } from "./model.ts";
import { timeText } from "./parse_values.ts";

const PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$./:-=,@~+*?&%[]";

/** A word as nginx reads it back; quoted where it has anything but plain characters in it. */
function wordText(word: string): string {
  let plain = word !== "";
  let escaped = "";
  for (let i = 0; i < word.length; i++) {
    const character = word.charAt(i);
    plain &&= PLAIN.indexOf(character) >= 0;
    escaped += character === '"' || character === "\\" ? `\\${character}` : character;
  }
  return plain ? word : `"${escaped}"`;
}

/** A server in nginx's words, without the `;`: only what differs from the defaults. */
export function printServer(server: Server): string {
  let text = `server ${server.address}`;
  if (server.weight !== serverDefaults.weight) {
    text += ` weight=${server.weight}`;
  }
  if (server.maxFails !== serverDefaults.maxFails) {
    text += ` max_fails=${server.maxFails}`;
  }
  if (server.failTimeout !== serverDefaults.failTimeout) {
    text += ` fail_timeout=${timeText(server.failTimeout)}`;
  }
  if (server.maxConns !== serverDefaults.maxConns) {
    text += ` max_conns=${server.maxConns}`;
  }
  if (server.slowStart !== serverDefaults.slowStart) {
    text += ` slow_start=${timeText(server.slowStart)}`;
  }
  return `${text}${server.backup ? " backup" : ""}${server.down ? " down" : ""}${server.drain ? " drain" : ""}${server.out ? " out" : ""}`;
}

/** A way to balance as a statement; "" for round robin, which nginx has no directive for. */
export function printBalance(balance: Balance): string {
  switch (balance.kind) {
    case "round_robin":
      return "";
    case "hash":
      return `hash ${wordText(balance.key)}${balance.consistent ? " consistent" : ""};`;
    case "random":
      return balance.two ? "random two;" : "random;";
    default:
      return `${balance.kind};`;
  }
}

export function printKeepalive(keepalive: Keepalive): string[] {
  const statements = [`keepalive ${keepalive.connections};`];
  if (keepalive.timeout !== undefined) {
    statements.push(`keepalive_timeout ${timeText(keepalive.timeout)};`);
  }
  if (keepalive.requests !== undefined) {
    statements.push(`keepalive_requests ${keepalive.requests};`);
  }
  return statements;
}

/** A check as a statement; the type always, so that it says what it does. */
export function printCheck(check: HealthCheck): string {
  const words = [`type=${check.type}`];
  const say = (name: string, value: string, otherwise: string): void => {
    if (value !== otherwise) {
      words.push(wordText(`${name}=${value}`));
    }
  };
  say("method", check.method, checkDefaults.method);
  say("path", check.path, checkDefaults.path);
  say("host", check.host, checkDefaults.host);
  say("expect", check.expect.join(","), checkDefaults.expect.join(","));
  say("body", check.body, checkDefaults.body);
  say("interval", timeText(check.interval), timeText(checkDefaults.interval));
  say("timeout", timeText(check.timeout), timeText(checkDefaults.timeout));
  say("rise", `${check.rise}`, `${checkDefaults.rise}`);
  say("fall", `${check.fall}`, `${checkDefaults.fall}`);
  say("port", `${check.port}`, `${checkDefaults.port}`);
  say("initial", check.initial, checkDefaults.initial);
  return `check ${words.join(" ")};`;
}

/**
 * The one text of an upstream, on one line; `parseUpstreamBody` reads the same upstream back.
 *
 * @param pause is called for each server.
 */
export function printUpstreamBody(upstream: Upstream, pause: Pause = noPause): string {
  const statements: string[] = [];
  const balance = printBalance(upstream.balance);
  if (balance !== "") {
    statements.push(balance);
  }
  for (const server of upstream.servers) {
    pause();
    statements.push(`${printServer(server)};`);
  }
  if (upstream.keepalive !== undefined) {
    for (const statement of printKeepalive(upstream.keepalive)) {
      statements.push(statement);
    }
  }
  if (upstream.check !== undefined) {
    statements.push(printCheck(upstream.check));
  }
  return statements.join(" ");
}
