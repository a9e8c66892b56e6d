import { say } from "../say.ts";
import { BenchError } from "../settings.ts";
import type { Nginx } from "../stand/nginx.ts";
import { runLoad, type Load, type LoadResult } from "./wrk.ts";

/** One of several servers that are compared. */
export interface Side {
  readonly label: string;
  readonly server: Nginx;
  readonly load: Omit<Load, "seed" | "users">;
  /** Who must have answered, by about which share. */
  readonly shares: Readonly<Record<string, number>>;
}

export const connections = 32;
/** Of wrk for each request, so that all variants get as many requests; see `Load.turns`. */
const evenTurns = 15_000;
/** Requests made up in advance for each second: more than are answered. */
const usersASecond = 80_000;
const mostUsers = 800_000;
const warmUpSeconds = 1;
/** A share may be off by this much; the order of the kinds is random. */
const shareTolerance = 0.03;

/** Requests for a measurement of so many seconds, other ones in each round. */
export function roundOf({ load }: Side, round: number, seconds: number): Load {
  return { ...load, seed: round, users: Math.min(seconds * usersASecond, mostUsers) };
}

/** Nothing is measured that does not do what it is said to do. */
export async function verifyShares(side: Side): Promise<void> {
  const found = await runLoad({ ...roundOf(side, 99, 1), answers: true }, 1);
  const wrong = Object.entries(found.shares).filter(([name, share]) => Math.abs(share - (side.shares[name] ?? 0)) > shareTolerance);
  if (found.failed > 0 || wrong.length > 0) {
    const shares = JSON.stringify(found.shares);
    throw new BenchError(`${side.label}: ${found.failed} of ${found.requests} requests failed, answers by upstream: ${shares}\n${side.server.logEnd()}`);
  }
}

/** Measures all of them in each round. Each round begins with another, so that none always follows the same. */
export async function interleave<T>(rounds: number, sides: readonly T[], measure: (side: T, index: number, round: number) => Promise<void>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    for (let turn = 0; turn < sides.length; turn++) {
      const at = (turn + round) % sides.length;
      const side = sides[at];
      if (side !== undefined) {
        await measure(side, at, round + 1);
      }
    }
  }
}

export interface CpuSample {
  /** Microseconds of the workers for one request. */
  readonly cpu: number;
  readonly even: LoadResult;
}

/**
 * CPU at an even rate, of an nginx that was just started: LuaJIT's choices differ from start to start, and so does where
 * in memory a process lies, which makes two equal servers differ by up to 5 % for as long as both run.
 */
export async function measureCpu(side: Side, round: number, seconds: number): Promise<CpuSample> {
  const { server } = side;
  await server.startAnew();
  await server.idle();
  await runLoad(roundOf(side, round + 1000, 1), warmUpSeconds);
  const before = server.workersCpu();
  const even = await runLoad({ ...roundOf(side, round, seconds), turns: evenTurns }, seconds);
  return { cpu: (server.workersCpu() - before) / 1000 / even.requests, even };
}

/** @throws unless all requests of a side were answered well. */
export function expectNoFailure({ label, server }: Side, results: readonly LoadResult[]): void {
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  if (failed > 0) {
    const requests = results.reduce((sum, result) => sum + result.requests, 0);
    throw new BenchError(`${label}: ${failed} of ${requests} requests failed\n${server.logEnd()}`);
  }
}
