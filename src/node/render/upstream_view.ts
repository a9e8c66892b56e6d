import { balanceOf } from "../config/model.ts";
import type { Config, UpstreamConfig } from "../config/schema.ts";
import { nginxTime } from "../config/units.ts";
import { nginxNumber, nginxPattern, nginxText, type NginxToken } from "./nginx_quote.ts";

export interface UpstreamView {
  readonly name: NginxToken;
  /** `null`: round robin, which nginx has no directive for. */
  readonly balance: readonly NginxToken[] | null;
  readonly servers: readonly (readonly NginxToken[])[];
  readonly keepalive: NginxToken | null;
}

export function upstreamViews(config: Config): UpstreamView[] {
  return Object.entries(config.upstreams).map(([name, upstream]) => ({
    name: nginxText(name),
    balance: balanceView(upstream),
    servers: upstream.servers.map(serverArguments),
    keepalive: upstream.keepalive === 0 ? null : nginxNumber(upstream.keepalive),
  }));
}

function balanceView(upstream: UpstreamConfig): UpstreamView["balance"] {
  const balance = balanceOf(upstream);
  switch (balance.kind) {
    case "round_robin":
      return null;
    case "hash":
      return [nginxText("hash"), nginxPattern(balance.key), ...(balance.consistent ? [nginxText("consistent")] : [])];
    case "random":
      return [nginxText("random"), ...(balance.two ? [nginxText("two")] : [])];
    default:
      return [nginxText(balance.kind)];
  }
}

function serverArguments(server: UpstreamConfig["servers"][number]): NginxToken[] {
  if (typeof server === "string") return [nginxText(server)];
  const parameters: [string, number | string | undefined][] = [
    ["weight", server.weight],
    ["max_fails", server.max_fails],
    ["fail_timeout", server.fail_timeout === undefined ? undefined : nginxTime(server.fail_timeout)],
    ["max_conns", server.max_conns],
  ];
  return [
    nginxText(server.address),
    ...parameters.flatMap(([name, value]) => (value === undefined ? [] : [nginxText(`${name}=${value}`)])),
    ...(server.backup ? [nginxText("backup")] : []),
    ...(server.down ? [nginxText("down")] : []),
  ];
}
