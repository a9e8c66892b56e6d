import type { Pause } from "../core/result.ts";

/** Seconds of work before other events get their turn; well below what a request would notice. */
const SLICE = 0.003;
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
