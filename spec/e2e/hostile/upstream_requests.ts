import { upstreamInstructions } from "../../../src/dygateway/core/admin/upstream_changes.ts";
import { printUpstreamBody } from "../../../src/dygateway/core/upstream/print.ts";
import { damagedBody, randomUpstream } from "../../cases/upstream_random.ts";
import type { Dice } from "../support/seeded_dice.ts";
import { absurdActions, parameterValues, request, type HostileRequest } from "./admin_requests.ts";
import { absurdBody, mutated } from "./mutation.ts";

/** Few, so that most requests are about an upstream that is there. */
export const fuzzedUpstreams = ["u0", "u1", "u2", "u3"] as const;

const reports = ["get_upstreams", "get_primary_peers", "get_backup_peers", "get_servers", "get_upstream", "get_status"];
const actions = [...Object.keys(upstreamInstructions), ...reports];
const addresses = ["127.0.0.1", "127.0.0.2", "::1", "[::1]", "unix:/run/a.sock", "a.example"];
const fields: Readonly<Record<string, readonly string[]>> = {
  weight: ["1", "2", "65535", "0", "65536"],
  max_fails: ["0", "3"],
  fail_timeout: ["1s", "30", "1m30s", "soon"],
  max_conns: ["0", "7"],
  slow_start: ["0", "30s"],
  backup: ["true", "false", "maybe"],
  down: ["true", "false", "1"],
  drain: ["true", "false"],
  maxfails: ["2"],
  failtimeout: ["5"],
  value: ["1", "2", "true", "false", "5s", "-3"],
  strategy: ["round_robin", "least_conn", "ip_hash", "hash $uri consistent", "random two", "hash $", "none"],
  keepalive: ["0", "16", "many"],
  keepalive_timeout: ["30s", "x"],
  keepalive_requests: ["100", "0"],
  check: ["off", "type=tcp interval=60s", "type=http path=/up interval=60s", "type=icmp", "path=up"],
  force: ["1", "0"],
};

/** A body of an upstream; only this machine's addresses in it, as some of them are checked. */
export function drawBody(dice: Dice): string {
  return printUpstreamBody(randomUpstream(dice, 4)).replaceAll("10.0.", "127.0.");
}

/** The same with a fault or several, in its characters or in its bytes; now and then it is still right. */
export function drawDamagedBody(dice: Dice): Buffer {
  const body = drawBody(dice);
  const damaged = dice.chance(70) ? Buffer.from(damagedBody(dice, body)) : mutated(dice, Buffer.from(body), Buffer.from(drawBody(dice)));
  return Buffer.from(damaged.toString("latin1").replaceAll("10.0.", "127.0."), "latin1");
}

function encoded(bytes: Buffer): string {
  return [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
}

export interface UpstreamFuzz {
  readonly next: () => HostileRequest;
}

/** Requests to /dyupsc_admin, of which some are right and most nearly so. */
export function upstreamFuzz(dice: Dice): UpstreamFuzz {
  function value(plausible: string): string {
    const kind = dice.below(100);
    return kind < 75 ? encodeURIComponent(plausible) : kind < 90 ? encoded(mutated(dice, Buffer.from(plausible), Buffer.from(plausible))) : dice.pick(parameterValues);
  }

  function target(): string[] {
    return dice.chance(50)
      ? [`id=${value(`${dice.below(4)}`)}`, `backup=${value(dice.pick(["true", "false"]))}`]
      : [`ip=${value(dice.pick(addresses))}`, `port=${value(dice.pick(["80", "9501", "0"]))}`];
  }

  function query(action: string, more: readonly string[] = []): string {
    const pairs = [`action=${action}`, `upstream=${value(dice.pick(fuzzedUpstreams))}`, ...more];
    if (action.includes("peer") || action.includes("server")) {
      pairs.push(...target());
    }
    const own = action.startsWith("set_peer_") ? ["value"] : [];
    for (const name of [...own, ...Array.from({ length: dice.below(4) }, () => dice.pick(Object.keys(fields)))]) {
      pairs.push(`${name}=${value(dice.pick(fields[name] ?? [""]))}`);
    }
    // One that is missing, one that is there twice.
    const kind = dice.below(20);
    const at = dice.below(pairs.length);
    const changed = kind === 0 ? pairs.filter((_, i) => i !== at) : kind === 1 ? [...pairs, pairs[at] ?? ""] : pairs;
    return `/dyupsc_admin?${dice.shuffled(changed).join("&")}`;
  }

  function withParameters(): HostileRequest {
    const action = dice.chance(8) ? dice.pick(absurdActions) : dice.pick(actions);
    return { about: `parameters of ${action.slice(0, 40)}`, bytes: request("GET", query(action), [], Buffer.alloc(0)) };
  }

  function withBody(): HostileRequest {
    const kind = dice.below(100);
    const body = kind < 40 ? Buffer.from(drawBody(dice)) : kind < 90 ? drawDamagedBody(dice) : absurdBody(dice);
    if (dice.chance(50) && body.length < 1000) {
      return { about: "add_upstream, in the query", bytes: request("GET", query("add_upstream", [`servers=${encoded(body)}`]), [], Buffer.alloc(0)) };
    }
    return { about: "add_upstream, posted", bytes: request("POST", query("add_upstream"), [`Content-Length: ${body.length}`], body) };
  }

  function rawBytes(): HostileRequest {
    const whole = dice.chance(50) ? withBody().bytes : withParameters().bytes;
    return { about: "broken HTTP", bytes: mutated(dice, whole.subarray(0, 3000), whole), ends: true };
  }

  return {
    next: () => {
      const kind = dice.below(100);
      return kind < 65 ? withParameters() : kind < 95 ? withBody() : rawBytes();
    },
  };
}
