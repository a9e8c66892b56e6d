import type { FailureEvent } from "../../core/upstream/failure_account.ts";
import { cjson, dict } from "../platform.ts";
import { countUp } from "../shared_dict.ts";

/**
 * What a worker of the node tells the others of peers: a ring of batches in the shared dict.
 *
 *   he          number of the last batch; each worker asks for it in every tick
 *   he:<slot>   batch n stands in slot n modulo SLOTS, and says its n
 *
 * A worker takes a number before it writes: a reader that finds an older batch in a slot waits a moment for the writer,
 * one that finds a newer batch was away for too long. A batch that is lost is no loss for long: its reader then takes
 * over the records (records.ts).
 */
export interface PeerEvent extends Omit<FailureEvent, "kind"> {
  readonly kind: FailureEvent["kind"] | "up" | "down";
}

interface Batch {
  readonly number: number;
  readonly pid: number;
  readonly events: readonly PeerEvent[];
}

const SLOTS = 256;
/** In one batch, so that the ring never takes more than some megabytes. */
const MOST_EVENTS = 100;
/** Seconds that a reader waits for a batch whose number is taken. */
const PATIENCE_SECONDS = 0.25;

const COUNTER = "he";

function lastBatch(): number {
  const [number] = dict().get(COUNTER);
  return typeof number === "number" ? number : 0;
}

function slotOf(number: number): string {
  return `${COUNTER}:${number % SLOTS}`;
}

/** Tells the other workers, in their next tick. */
export function publishEvents(events: readonly PeerEvent[]): void {
  for (let start = 0; start < events.length; start += MOST_EVENTS) {
    const number = countUp(COUNTER);
    if (number === undefined) {
      return;
    }
    const batch: Batch = { number, pid: ngx.worker.pid(), events: events.slice(start, start + MOST_EVENTS) };
    dict().safe_set(slotOf(number), cjson.encode(batch)[0] ?? "");
  }
}

/** A worker's place in the ring. */
export interface EventReader {
  /** Whether `read` has anything to hand over, or to wait for. */
  readonly hasNews: (this: void) => boolean;
  /**
   * Hands over what others have said since the last call, in order.
   *
   * @returns false where something was missed.
   */
  readonly read: (this: void, take: (this: void, event: PeerEvent, isOwn: boolean) => void) => boolean;
}

export function eventReader(): EventReader {
  let seen = lastBatch();
  let waitingSince = 0;

  function batchAt(number: number): Batch | undefined {
    const [text] = dict().get(slotOf(number));
    return typeof text === "string" ? (cjson.decode(text)[0] as Batch | undefined) : undefined;
  }

  return {
    hasNews: () => lastBatch() !== seen,
    read: (take) => {
      const last = lastBatch();
      if (last - seen > SLOTS || last < seen) {
        seen = last;
        return false;
      }
      while (seen < last) {
        const batch = batchAt(seen + 1);
        if (batch === undefined || batch.number < seen + 1) {
          // Its writer has not written yet, had no room, or was killed.
          waitingSince = waitingSince === 0 ? ngx.now() : waitingSince;
          if (ngx.now() - waitingSince < PATIENCE_SECONDS) {
            return true;
          }
          waitingSince = 0;
          seen = last;
          return false;
        }
        waitingSince = 0;
        if (batch.number > seen + 1) {
          seen = last;
          return false;
        }
        seen = batch.number;
        const isOwn = batch.pid === ngx.worker.pid();
        for (const event of batch.events) {
          take(event, isOwn);
        }
      }
      return true;
    },
  };
}
