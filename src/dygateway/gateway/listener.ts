import type { RedisSettings } from "../core/settings.ts";
import type { Keys } from "../core/store/keys.ts";
import type { ChangesSeen } from "./changes_seen.ts";
import type { Commands } from "./dyupsc_commands.ts";
import { logErrorSometimes, logNotice } from "./log.ts";
import { ngxNull } from "./platform.ts";
import { connect } from "./redis.ts";

/** The channel on which Redis sends a tracking client the keys that were written. */
const INVALIDATIONS = "__redis__:invalidate";
const RETRY_SECONDS = 0.5;
/** Between two looks at whether the store can be reached at all, which the leader finds out. */
const LOOK_SECONDS = 0.1;
const READ_TIMEOUT_MS = 1000;
/** How long whoever is about to read everything waits for a listener, and how often it looks. */
const PATIENCE_SECONDS = 0.3;
const WAIT_SECONDS = 0.01;

/** Whether the store announces changes to this node. */
export interface Listener {
  /** Our own changes are announced at once. */
  readonly subscribed: (this: void) => boolean;
  /** Every write is, also one by redis-cli or by the predecessor. */
  readonly tracking: (this: void) => boolean;
  /** Waits a moment until it listens: what is read from then on need not be read again for what nobody heard. */
  readonly begun: (this: void) => void;
  /** Starts again with a new connection. */
  readonly reset: (this: void) => void;
  /** Listens until `stop` says so; runs as a light thread of its own. */
  readonly run: (this: void) => void;
}

type Call = (this: void, client: RedisClient, ...words: string[]) => LuaMultiReturn<[unknown, string?]>;

function callOf(client: RedisClient, command: string): Call {
  return client[command] as Call;
}

/**
 * Asks Redis 6 and newer to send every key under our prefix that anybody writes to this very connection. (CLIENT
 * TRACKING in broadcasting mode with its redirection to itself; a client that may not, or an older Redis, says no.)
 */
function startTracking(client: RedisClient, keys: Keys): boolean {
  const [id] = callOf(client, "client")(client, "ID");
  if (typeof id !== "number") {
    return false;
  }
  const [ok] = callOf(client, "client")(
    client, "TRACKING", "ON", "REDIRECT", tostring(id), "BCAST", "PREFIX", `${keys.prefix}:`,
  );
  return ok === "OK";
}

export function createListener(
  settings: RedisSettings,
  keys: Keys,
  seen: ChangesSeen,
  wake: (this: void) => void,
  stop: (this: void) => boolean,
  isReachable: (this: void) => boolean,
  commands: Commands | undefined,
): Listener {
  let subscribed = false;
  let tracking = false;
  let again = false;

  function handle(message: unknown[]): void {
    const [kind, channel, payload] = message as [unknown, unknown, unknown];
    if (kind !== "message") {
      return;
    }
    if (channel === commands?.channel) {
      commands?.hear(payload as string);
      return;
    }
    if (channel === INVALIDATIONS) {
      if (payload === ngxNull) {
        seen.everything();
      } else if (typeof payload === "object") {
        for (const key of payload as string[]) {
          seen.key(key);
        }
      } else {
        // Anybody may publish there, too; Redis itself sends lists.
        return;
      }
    }
    wake();
  }

  function subscribe(client: RedisClient): boolean {
    tracking = startTracking(client, keys);
    if (tracking) {
      const [following] = callOf(client, "subscribe")(client, INVALIDATIONS);
      tracking = following !== undefined && following !== false;
    }
    if (commands !== undefined) {
      const [heard, reason] = callOf(client, "subscribe")(client, commands.channel);
      if (heard === undefined || heard === false) {
        logErrorSometimes("dyupsc subscribe", `instructions on ${commands.channel} are not heard: ${reason ?? "?"}`);
      }
    }
    const [announced] = callOf(client, "subscribe")(client, keys.channel);
    return announced !== undefined && announced !== false;
  }

  function listen(client: RedisClient): void {
    client.set_timeout(READ_TIMEOUT_MS);
    while (!stop() && !again) {
      const [message, reason] = client.read_reply();
      if (typeof message === "object") {
        handle(message);
      } else if (reason !== "timeout") {
        return;
      }
    }
  }

  /** Follows on a connection until it breaks, `stop` says so or another is wanted. */
  function follow(client: RedisClient): void {
    subscribed = subscribe(client);
    if (subscribed) {
      // Whatever was written while nobody listened.
      seen.everything();
      wake();
      logNotice(tracking ? "following Redis: every write is announced" : "following Redis: own changes are announced");
      listen(client);
    }
  }

  function run(): void {
    while (!stop()) {
      again = false;
      const connected = isReachable() ? connect(settings) : undefined;
      if (connected?.ok === true) {
        const { client } = connected.value;
        const [followed, reason] = pcall(follow, client);
        subscribed = false;
        tracking = false;
        client.close();
        if (!followed) {
          logErrorSometimes("listener", `listening to Redis broke off and begins again: ${tostring(reason)}`);
        }
      }
      if (!stop()) {
        ngx.sleep(isReachable() ? RETRY_SECONDS : LOOK_SECONDS);
      }
    }
  }

  return {
    subscribed: () => subscribed,
    tracking: () => tracking,
    begun: () => {
      for (let waited = 0; waited < PATIENCE_SECONDS && !subscribed && !stop(); waited += WAIT_SECONDS) {
        ngx.sleep(WAIT_SECONDS);
      }
    },
    reset: () => {
      again = true;
    },
    run,
  };
}
