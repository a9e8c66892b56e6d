import { logErrorSometimes } from "../log.ts";
import { semaphoreModule } from "../platform.ts";

/** Jobs that wait for the network, some at a time, the others in their order. */
export interface Pool<T> {
  readonly add: (this: void, job: T) => void;
  /** Breaks off what is under way: a worker that is to exit waits for nobody's answer. Only where it was made. */
  readonly close: (this: void) => void;
}

const IDLE_SECONDS = 0.5;

/**
 * @param most jobs at a time: each has a light thread, which is there from when it is needed first.
 * @param stopping from when this is true, nothing is begun any more.
 */
export function createPool<T>(
  most: number,
  run: (this: void, job: T) => void,
  stopping: (this: void) => boolean,
): Pool<T> {
  let queue: T[] = [];
  let head = 0;
  const threads: ngx.Thread[] = [];
  let idle = 0;
  const [semaphore] = semaphoreModule.new(0);

  function next(): T | undefined {
    const job = queue[head];
    if (job !== undefined) {
      head++;
      if (head === queue.length) {
        queue = [];
        head = 0;
      }
    }
    return job;
  }

  function work(): void {
    while (!stopping()) {
      const job = next();
      if (job === undefined) {
        idle++;
        semaphore?.wait(IDLE_SECONDS);
        idle--;
      } else {
        const [ran, reason] = pcall(run, job);
        if (!ran) {
          logErrorSometimes("pool", `a check or a lookup broke: ${tostring(reason)}`);
        }
      }
    }
  }

  return {
    add: (job) => {
      queue.push(job);
      if (queue.length - head > idle && threads.length < most) {
        // It runs until it waits before this goes on, and may end.
        threads.push(ngx.thread.spawn(work));
      } else {
        semaphore?.post(1);
      }
    },
    close: () => {
      for (const thread of threads) {
        ngx.thread.kill(thread);
      }
    },
  };
}
