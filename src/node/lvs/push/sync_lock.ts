import { randomUUID } from "node:crypto";
import type { RedisSettings } from "../../../dygateway/core/settings.ts";
import { isError, numberReply, textReply, type Command, type Reply } from "../../../dygateway/core/store/command.ts";
import { inTransaction } from "../../../dygateway/core/store/execution.ts";
import { connect, type Connection } from "../../store/connection.ts";

/** Longer than a load balancer's timeout is of no use: the lock is renewed while its holder lives. */
const expiryMs = 60_000;
const renewalMs = 15_000;

/** Who works on the load balancers of a cluster. */
export interface LockHolder {
  readonly who: string;
  readonly from: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

export type LockTaken =
  | { readonly ok: true; readonly lock: SyncLock }
  /** `isHeld`: by somebody else; otherwise Redis was not reached, or refused. */
  | { readonly ok: false; readonly isHeld: boolean; readonly reason: string };

export interface SyncLock {
  /** Aborted when the lock is lost: Redis is gone, or forgot it; whoever holds it has to stop. */
  readonly lost: AbortSignal;
  /** Gives it back, unless another has it by now. */
  release(): Promise<void>;
}

/** Names of clusters have no colon. */
export const syncLockKey = (cluster: string): string => `cluster:${cluster}:sync`;

export const lockHeld = (cluster: string, { who, from, since }: LockHolder): string =>
  `the load balancers of ${cluster} are being worked on by ${who} (${from}), since ${new Date(since).toISOString()}`;

/**
 * Takes the lock of a cluster: one sync or rollback at a time, on whatever machine. It expires a minute after its
 * holder died.
 */
export async function takeSyncLock(
  settings: RedisSettings,
  cluster: string,
  holder: LockHolder,
  timing: { readonly expiryMs: number; readonly renewalMs: number } = { expiryMs, renewalMs },
): Promise<LockTaken> {
  const connected = await connect(settings);
  if (!connected.ok) return { ok: false, isHeld: false, reason: connected.error.desc };
  const connection = connected.value;
  const key = syncLockKey(cluster);
  const value = JSON.stringify({ ...holder, token: randomUUID() });
  const [taken, present] = await ask(connection, [["SET", key, value, "NX", "PX", `${timing.expiryMs}`], ["GET", key]]);
  if (textReply(taken) === "OK") return { ok: true, lock: heldLock(connection, key, value, timing) };
  connection.close();
  if (taken === undefined) return { ok: false, isHeld: false, reason: `the connection to ${connection.place} broke` };
  if (isError(taken)) return { ok: false, isHeld: false, reason: `Redis refuses the lock: ${taken.message}` };
  const other = holderOf(textReply(present));
  const reason = other === undefined ? `the load balancers of ${cluster} are being worked on` : lockHeld(cluster, other);
  return { ok: false, isHeld: true, reason };
}

function heldLock(connection: Connection, key: string, value: string, timing: { readonly expiryMs: number; readonly renewalMs: number }): SyncLock {
  const lost = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  const renew = async (): Promise<void> => {
    const renewed = await ifStillOurs(connection, key, value, ["PEXPIRE", key, `${timing.expiryMs}`]);
    if (!renewed) lost.abort();
  };
  const timer = setInterval(() => {
    last = last.then(renew);
  }, timing.renewalMs);
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      await last;
      await ifStillOurs(connection, key, value, ["DEL", key]);
      connection.close();
    },
  };
}

/** Carries out a command if the key has our token, all in one; was it so? */
async function ifStillOurs(connection: Connection, key: string, value: string, command: Command): Promise<boolean> {
  const [, present] = await ask(connection, [["WATCH", key], ["GET", key]]);
  if (textReply(present) !== value) return false;
  const executed = (await ask(connection, inTransaction([command]))).at(-1);
  return Array.isArray(executed) && numberReply(executed[0]) === 1;
}

/** Without replies where the connection is gone. */
async function ask(connection: Connection, commands: readonly Command[]): Promise<readonly Reply[]> {
  const sent = await connection.pipeline(commands);
  return sent.ok ? sent.replies : [];
}

function holderOf(text: string | undefined): LockHolder | undefined {
  try {
    const value = JSON.parse(text ?? "") as Partial<LockHolder> | null;
    const { who, from, since } = value ?? {};
    return typeof who === "string" && typeof from === "string" && typeof since === "number" ? { who, from, since } : undefined;
  } catch {
    return undefined;
  }
}
