import { isLoopback, listenAddressOf } from "../config/address.ts";
import type { LoadedConfig } from "../config/load.ts";
import { CommandFailure, type Terminal } from "../cli/terminal.ts";
import { pushSite } from "../lvs/push/push_site.ts";
import { inventoryLimits } from "../lvs/store/limits.ts";
import { redisSettings } from "../store/redis_settings.ts";
import { makeService } from "./service.ts";
import { removeStaleSocket } from "./stale_socket.ts";

export const exposed = (address: string): CommandFailure =>
  new CommandFailure(
    `manager.listen ${address} is reachable from other machines, and tokens would cross the network in plain text: ` +
      "set manager.tls, or listen on 127.0.0.1",
  );

/** Runs the service until SIGTERM or SIGINT. */
export async function runService(loaded: LoadedConfig, terminal: Terminal): Promise<void> {
  const { manager } = loaded.config;
  const address = listenAddressOf(manager.listen);
  if (manager.tls === undefined && !isLoopback(address)) throw exposed(String(manager.listen));
  const log = (line: string): void => terminal.err(`${new Date().toISOString()} ${line}`);
  const redis = redisSettings(loaded);
  const service = makeService({
    manager,
    redis,
    limits: inventoryLimits(loaded.config),
    push: pushSite(loaded.config, redis, terminal.environment),
    log,
  });
  const ended = untilTold(log);
  const host = address.kind === "tcp" ? (address.host === "*" ? "0.0.0.0" : address.host.replace(/^\[(.*)\]$/, "$1")) : "";
  if (address.kind === "unix") await removeStaleSocket(address.path);
  await service.server.listen(address.kind === "unix" ? { path: address.path } : { host, port: address.port ?? 80 });
  const scheme = manager.tls === undefined ? "http" : "https";
  terminal.out(`dygateway manager listens on ${address.kind === "unix" ? `unix:${address.path}` : `${scheme}://${address.host}:${address.port ?? 80}`}`);
  const hurry = await ended;
  await service.close(hurry);
  log("ended");
}

/** Resolves at the first signal, with what the second one aborts. */
function untilTold(log: (line: string) => void): Promise<AbortSignal> {
  const hurry = new AbortController();
  return new Promise((resolve) => {
    let signals = 0;
    const told = (signal: string): void => {
      signals += 1;
      log(signals === 1 ? `${signal}: waiting for what is going on` : `${signal} again: running jobs are ended`);
      if (signals === 1) resolve(hurry.signal);
      else hurry.abort();
    };
    process.on("SIGTERM", told);
    process.on("SIGINT", told);
  });
}
