import type { Pause } from "../core/result.ts";

/** Seconds of work before other events get their turn; well below what a request would notice. */
const SLICE = 0.002;
/** The shortest sleep that stock nginx takes without complaint (a zero needs OpenResty's delayed events). */
const BREAK = 0.001;

/**
 * A pause for long work in a phase that may yield (timers, content): once a slice is used up, nginx handles whatever
 * else is waiting before the work goes on.
 */
export function pacer(): Pause {
  ngx.update_time();
  let started = ngx.now();
  return () => {
    ngx.update_time();
    if (ngx.now() - started >= SLICE) {
      ngx.sleep(BREAK);
      ngx.update_time();
      started = ngx.now();
    }
  };
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
    let done = false;
    while (!done) {
      done = collectgarbage("step", STEP_KILOBYTES);
      pause();
    }
  };
}
