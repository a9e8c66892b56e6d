import type { RedisSettings } from "../../../dygateway/core/settings.ts";
import type { Config } from "../../config/schema.ts";
import type { Environment } from "../../config/secrets.ts";
import { millisecondsOf } from "../../config/units.ts";
import { findCheckers } from "../check/check_release.ts";
import { systemResolver } from "../resolve.ts";
import type { Emit } from "./events.ts";
import type { Reach } from "./load_balancer.ts";
import type { Workshop } from "./prepare.ts";
import { sshTransport } from "./ssh.ts";
import type { Transport } from "./transport.ts";

/** What a machine that pushes has: its Redis, its ssh, its keepalived and FRR to check with. */
export interface PushSite {
  readonly redis: RedisSettings;
  readonly workshop: Workshop;
  readonly transport: Transport;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly parallel: number;
}

/** One piece of work on it. */
export interface PushRun {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** As dygateway.yaml's `lvs.push` says. */
export function pushSite(config: Config, redis: RedisSettings, environment: Environment): PushSite {
  const { push } = config.lvs;
  return {
    redis,
    workshop: {
      layout: { root: push.root, state: push.state },
      ospfFiles: push.ospf_files,
      environment,
      resolve: systemResolver,
      checkers: findCheckers(environment),
    },
    transport: sshTransport({
      program: "ssh",
      knownHosts: push.known_hosts,
      configFile: push.ssh_config,
      user: push.user,
      connectTimeoutS: Math.max(1, Math.ceil(millisecondsOf(push.connect_timeout) / 1000)),
    }),
    timeoutMs: millisecondsOf(push.timeout),
    retries: push.retries,
    parallel: push.parallel,
  };
}

export function reachOf(site: PushSite, signal: AbortSignal): Reach {
  const { transport, timeoutMs, retries, workshop } = site;
  return { transport, timeoutMs, retries, root: workshop.layout.root, signal };
}
