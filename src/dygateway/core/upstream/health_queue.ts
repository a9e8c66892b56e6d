import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";

/**
 * Jobs that wait for a place among those under way. Groups take turns; and no group, however many of its jobs hang, has
 * all the places.
 */
export interface FairQueue<T> {
  readonly add: (this: void, group: string, job: T) => void;
  /** The next job, which is under way from now on; undefined where none may begin. */
  readonly take: (this: void) => T | undefined;
  /** A job of the group is over. */
  readonly done: (this: void, group: string) => void;
  /** Jobs that are not under way yet. */
  readonly waiting: (this: void) => number;
}

/** Things in a row, the first of which goes next; taking it does not move the others. */
interface Row<T> {
  items: T[];
  head: number;
}

const MANY_TAKEN = 64;

function hasMore<T>(row: Row<T>): boolean {
  return row.head < row.items.length;
}

function takeFirst<T>(row: Row<T>): T {
  const first = row.items[row.head]!;
  row.head++;
  if (row.head > MANY_TAKEN && row.head * 2 > row.items.length) {
    row.items = row.items.slice(row.head);
    row.head = 0;
  }
  return first;
}

interface Group<T> {
  readonly jobs: Row<T>;
  running: number;
}

/**
 * @param common places that whoever comes first may have. @param share places that each group may have all the same.
 */
export function createFairQueue<T>(common: number, share: number): FairQueue<T> {
  const groups: Lookup<Group<T>> = lookup();
  /** Groups with jobs that wait. */
  const turns: Row<Group<T>> = { items: [], head: 0 };
  let running = 0;
  let waiting = 0;

  function begin(group: Group<T>): T {
    running++;
    waiting--;
    group.running++;
    const job = takeFirst(group.jobs);
    if (hasMore(group.jobs)) {
      turns.items.push(group);
    }
    return job;
  }

  return {
    add: (name, job) => {
      const group: Group<T> = groups[name] ?? { jobs: { items: [], head: 0 }, running: 0 };
      groups[name] = group;
      if (!hasMore(group.jobs)) {
        turns.items.push(group);
      }
      group.jobs.items.push(job);
      waiting++;
    },
    take: () => {
      // Few groups can have their share or more, so that those who wait for that are soon passed.
      for (let i = turns.head; i < turns.items.length; i++) {
        const group = turns.items[i]!;
        if (running < common || group.running < share) {
          if (i === turns.head) {
            takeFirst(turns);
          } else {
            turns.items.splice(i, 1);
          }
          return begin(group);
        }
      }
      return undefined;
    },
    done: (name) => {
      const group = groups[name]!;
      running--;
      group.running--;
      if (group.running === 0 && !hasMore(group.jobs)) {
        delete groups[name];
      }
    },
    waiting: () => waiting,
  };
}
