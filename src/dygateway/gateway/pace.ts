import type { Pause } from "../core/result.ts";

/** Seconds of work before other events get their turn; well below what a request would notice. */
const SLICE = 0.002;
/** The same of work that those wait for who cannot be served before; with what comes on top it stays below 10 ms. */
const URGENT_SLICE = 0.005;
/** The shortest sleep that stock nginx takes without complaint (a zero needs OpenResty's delayed events). */
const BREAK = 0.001;

/** How often work is put off for other work; whoever is first may have been broken off. */
const MOST_TURNS = 5;

/** When a slice of any work in this process ended. */
let endedAt = 0;
/** Whose turn it is: work that was put off since. */
let first: object | undefined;

/** Sleeps until nginx has looked for events since the last slice of whatever work, and this one's turn has come. */
function takeABreak(work: object): void {
  endedAt = ngx.now();
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    ngx.sleep(BREAK);
    // Not the time of the clock, but the one that nginx took when it woke up, or that a slice after that has ended at.
    const isTooSoon = ngx.now() - endedAt < BREAK / 2;
    if (!isTooSoon && (first === undefined || first === work)) {
      first = undefined;
      return;
    }
    first ??= work;
  }
  first = undefined;
}

function never(this: void): boolean {
  return false;
}

/**
 * A pause for long work in a phase that may yield (timers, content): once a slice is used up, nginx handles whatever
 * else is waiting before the work goes on. Two works of a process have their slices in turn, and nginx looks for events
 * between them.
 *
 * @param isUrgent whether it has longer slices, now.
 */
export function pacer(isUrgent: (this: void) => boolean = never): Pause {
  ngx.update_time();
  let started = ngx.now();
  let looked = started;
  const work = {};
  return () => {
    // nginx's time stands still while this works: where it went on, this has waited, for Redis for one, and nobody for it.
    const known = ngx.now();
    if (known !== looked) {
      started = known;
    }
    ngx.update_time();
    looked = ngx.now();
    const worked = looked - started;
    if (worked >= URGENT_SLICE || (worked >= SLICE && !isUrgent())) {
      takeABreak(work);
      ngx.update_time();
      started = ngx.now();
      looked = started;
    }
  };
}

/** How much memory may grow, in percent, before the collector goes through it again; LuaJIT's own. */
const USUAL_COLLECTOR_PAUSE = 200;
/** Of a worker that has nothing in force yet: there is much to read then, and little of it is garbage. */
const HASTY_COLLECTOR_PAUSE = 400;

/** From here until `endHaste` the collector has less to do, and memory may grow more. */
export function makeHaste(): void {
  collectgarbage("setpause", HASTY_COLLECTOR_PAUSE);
}

export function endHaste(): void {
  collectgarbage("setpause", USUAL_COLLECTOR_PAUSE);
}

/** While changes come in: each leaves far more behind than a request, and the heap would find its size in thousands of them. */
const CHANGING_COLLECTOR_PAUSE = 140;
const CHANGING_SECONDS = 10;
/** Kilobytes of a heap above which it is the collector that takes time, and not what is left behind that takes room. */
const SMALL_HEAP = 16384;
let changedAt: number | undefined;

/** To be called when a worker has taken over a change, of no large policy: for a while memory grows less before the collector goes through it. */
export function collectOften(): void {
  changedAt = ngx.now();
  if (collectgarbage("count") < SMALL_HEAP) {
    collectgarbage("setpause", CHANGING_COLLECTOR_PAUSE);
  }
}

/** To be called now and then: ends what `collectOften` has begun. */
export function collectAsUsual(): void {
  if (changedAt !== undefined && ngx.now() - changedAt >= CHANGING_SECONDS) {
    changedAt = undefined;
    collectgarbage("setpause", USUAL_COLLECTOR_PAUSE);
  }
}

/** Kilobytes of new memory after which long work is worth tidying up after. */
const MUCH_KILOBYTES = 16384;
/** How much of a collection is done between two looks at the clock. */
const STEP_KILOBYTES = 64;

/**
 * Remembers how much memory Lua uses now. The function it returns, called when the work is done, gives back what a
 * large policy took meanwhile, in slices: the collector's own pace would keep a worker several times its size for
 * minutes. Tables outside Lua's heap it does not see at all: whoever let go of large ones says so by `isMuch`.
 */
export function tidyAfter(pause: Pause): (this: void, isMuch: boolean) => void {
  const before = collectgarbage("count");
  return (isMuch) => {
    if (!isMuch && collectgarbage("count") - before < MUCH_KILOBYTES) {
      return;
    }
    // A collection that is under way may have been past what is garbage now.
    let collections = isMuch ? 2 : 1;
    while (collections > 0) {
      if (collectgarbage("step", STEP_KILOBYTES)) {
        collections--;
      }
      pause();
    }
  };
}

/**
 * Does work that makes a few texts of megabytes. LuaJIT's collector asks the price of such a text of whoever allocates
 * next, all at once: tens of milliseconds. Here it rests while the work works, and is paid afterwards, in slices.
 *
 * @param work is given its pause. @returns what that returns. @throws what that throws.
 */
export function withLargeTexts<T>(pause: Pause, work: (this: void, pause: Pause) => T): T {
  const before = collectgarbage("count");
  collectgarbage("stop");
  const [worked, outcome] = pcall(work, () => {
    collectgarbage("restart");
    pause();
    collectgarbage("stop");
  });
  collectgarbage("restart");
  if (!worked) {
    throw outcome;
  }
  for (let owed = collectgarbage("count") - before; owed > 0; owed -= STEP_KILOBYTES) {
    collectgarbage("step", STEP_KILOBYTES);
    pause();
  }
  return outcome;
}
