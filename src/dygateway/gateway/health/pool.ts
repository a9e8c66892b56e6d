import { createFairQueue } from "../../core/upstream/health_queue.ts";
import { logErrorSometimes } from "../log.ts";
import { semaphoreModule } from "../platform.ts";

/** Jobs that wait for the network, some at a time, the others in their order. */
export interface Pool<T> {
  /** @param group whose job it is: groups take turns. */
  readonly add: (this: void, group: string, job: T) => void;
  /** Breaks off what is under way: a worker that is to exit waits for nobody's answer. Only where it was made. */
  readonly close: (this: void) => void;
}

const IDLE_SECONDS = 0.5;

interface Job<T> {
  readonly group: string;
  readonly job: T;
}

/** How many jobs are under way at a time. Each has a light thread, which is there from when it is needed first. */
export interface Places {
  readonly most: number;
  /** Of these, places that whoever comes first may have. */
  readonly common: number;
  /** Places that each group may have all the same. */
  readonly share: number;
}

/**
 * @param stopping from when this is true, nothing is begun any more.
 */
export function createPool<T>(
  { most, common, share }: Places,
  run: (this: void, job: T) => void,
  stopping: (this: void) => boolean,
): Pool<T> {
  const queue = createFairQueue<Job<T>>(common, share);
  const threads: ngx.Thread[] = [];
  let idle = 0;
  const [semaphore] = semaphoreModule.new(0);

  function work(): void {
    while (!stopping()) {
      const next = queue.take();
      if (next === undefined) {
        idle++;
        semaphore?.wait(IDLE_SECONDS);
        idle--;
      } else {
        const [ran, reason] = pcall(run, next.job);
        queue.done(next.group);
        if (!ran) {
          logErrorSometimes("pool", `a check or a lookup broke: ${tostring(reason)}`);
        }
      }
    }
  }

  return {
    add: (group, job) => {
      queue.add(group, { group, job });
      if (queue.waiting() > idle && threads.length < most) {
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
