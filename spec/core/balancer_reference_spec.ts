import type { Balancer, Peer } from "../../src/dygateway/core/upstream/balancer.ts";
import type { Balance, Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { plainPoints } from "../cases/balancer_crc32.ts";
import { reference } from "../cases/balancer_reference.ts";
import type { Reference, ReferenceRequest } from "../cases/balancer_reference.ts";
import { balancerOf, randomServers, upstreamOf } from "../cases/balancer_runs.ts";
import { random } from "../cases/random.ts";
import type { Random } from "../cases/random.ts";
import { equal, isTrue } from "../support/assert.ts";

const SEED = 20260;
const UPSTREAMS = 40;
const EVENTS = 400;

/** A request that runs in both. */
interface Running {
  readonly theirs: ReferenceRequest;
  readonly peer: Peer;
  readonly tried: Peer[];
}

interface Run {
  readonly balancer: Balancer;
  readonly nginx: Reference;
  readonly upstream: Upstream;
  readonly running: Running[];
  now: number;
}

/** A try in both, which must reach the same server. */
function attempt(run: Run, theirs: ReferenceRequest, tried: Peer[], what: string): void {
  const peer = run.balancer.pick(theirs.key, run.now, tried.length === 0 ? undefined : tried);
  const index = run.nginx.pick(theirs, run.now);
  equal(peer?.address, run.upstream.servers[index]?.address, what);
  if (peer !== undefined) {
    run.running.push({ theirs, peer, tried: [...tried, peer] });
  }
}

function finish(run: Run, dice: Random, failing: number, what: string): void {
  const [request] = run.running.splice(dice.below(run.running.length), 1);
  if (request === undefined) {
    return;
  }
  const { theirs, peer, tried } = request;
  const failed = dice.below(100) < failing;
  run.nginx.done(theirs, failed, run.now);
  run.balancer.release(peer, run.now);
  if (!failed) {
    run.balancer.succeeded(peer, run.now);
    return;
  }
  run.balancer.failed(peer, run.now);
  if (run.balancer.tries > 1 && dice.below(3) > 0) {
    attempt(run, theirs, tried, what);
  }
}

function pointsOf(upstream: Upstream): { point: number; name: string }[] {
  const points: { point: number; name: string }[] = [];
  for (const { address, weight, backup } of upstream.servers) {
    const [host, port] = address.split(":");
    if (!backup) {
      for (const point of plainPoints(host ?? "", port ?? "", weight * 160)) {
        points.push({ point, name: address });
      }
    }
  }
  points.sort((a, b) => a.point - b.point);
  return points;
}

/**
 * @param alone one request after the other, each within a second: the balancer looks for a hash's next peer from the
 * beginning, nginx from where it was, and between the two others may have come or gone.
 */
function compare(balance: Balance, keyOf: (this: void, dice: Random) => string, alone: boolean): void {
  const slow = balance.kind === "hash" && balance.consistent;
  const dice = random(SEED);
  let chosen = 0;
  for (let i = 0; i < (slow ? UPSTREAMS / 4 : UPSTREAMS); i++) {
    let servers = randomServers(dice, !alone);
    if (slow) {
      servers = servers.map((server) => ({ ...server, weight: Math.min(server.weight, 3) }));
    }
    const upstream = upstreamOf(servers, balance);
    const balancer = balancerOf(upstream);
    const points = slow ? pointsOf(upstream) : [];
    const run: Run = { balancer, nginx: reference(upstream, points), upstream, running: [], now: 1000 };
    const failing = dice.pick([0, 0, 2, 10, 60]);
    const busy = alone ? 1 : dice.pick([1, 1, 4, 10]);
    for (let event = 0; event < EVENTS; event++) {
      const what = `seed ${SEED}, upstream ${i}, event ${event}`;
      if (run.running.length < busy && dice.below(2) === 0) {
        attempt(run, run.nginx.begin(keyOf(dice)), [], what);
        chosen++;
      } else {
        finish(run, dice, failing, what);
      }
      run.now += (!alone || run.running.length === 0) && dice.below(10) === 0 ? dice.below(8) : 0;
    }
    equal(balancer.panics(), run.nginx.panics(), `panics of upstream ${i}`);
  }
  isTrue(chosen > 1000, "too few choices to show anything");
}

describe("the balancer chooses as nginx's source says, through failures, full peers and later tries,", () => {
  const bytes = "\0\x01\x7f\xc0\xa8\xff";

  it("by smooth weighted round robin", () => {
    compare({ kind: "round_robin" }, () => "", false);
  });

  it("by least_conn", () => {
    compare({ kind: "least_conn" }, () => "", false);
  });

  it("by ip_hash", () => {
    compare({ kind: "ip_hash" }, (dice) => dice.text(bytes, dice.pick([4, 4, 16, 5])), true);
  });

  it("by hash", () => {
    compare({ kind: "hash", key: "$uri", consistent: false }, (dice) => dice.text("abc", dice.below(8)), true);
  });

  it("by consistent hash", () => {
    compare({ kind: "hash", key: "$uri", consistent: true }, (dice) => dice.text("abc", dice.below(8)), true);
  });
});
