import { createFairQueue } from "../../src/dygateway/core/upstream/health_queue.ts";
import type { FairQueue } from "../../src/dygateway/core/upstream/health_queue.ts";
import { equal } from "../support/assert.ts";

function queueOf(common: number, share: number, groups: string): FairQueue<string> {
  const queue = createFairQueue<string>(common, share);
  for (let i = 0; i < groups.length; i++) {
    queue.add(groups.charAt(i), `${groups.charAt(i)}${i}`);
  }
  return queue;
}

/** The jobs that may begin, one after the other. */
function begun(queue: FairQueue<string>, most = 1000): string {
  const jobs: string[] = [];
  for (let job = queue.take(); job !== undefined; job = jobs.length < most ? queue.take() : undefined) {
    jobs.push(job);
  }
  return jobs.join(" ");
}

describe("jobs that wait for a place", () => {
  it("begin in their order, group by group in turn", () => {
    const queue = queueOf(100, 1, "aaabbc");
    equal(queue.waiting(), 6);
    equal(begun(queue), "a0 b3 c5 a1 b4 a2");
    equal(queue.waiting(), 0);
  });

  it("of one group have the common places, and leave the others to other groups", () => {
    const queue = queueOf(3, 2, "aaaaaabbbbc");
    equal(begun(queue, 3), "a0 b6 c10");
    // Beyond the common places each group has up to its share.
    equal(begun(queue), "a1 b7");
    equal(queue.waiting(), 6);
  });

  it("of a group that hangs are passed by those of groups that come later", () => {
    const queue = queueOf(3, 1, "aaaaaa");
    equal(begun(queue), "a0 a1 a2");
    queue.add("b", "b");
    queue.add("c", "c");
    equal(begun(queue), "b c");
    queue.done("b");
    queue.add("b", "again");
    equal(begun(queue), "again");
  });

  it("begin as places become free", () => {
    const queue = queueOf(2, 1, "aaaa");
    equal(begun(queue), "a0 a1");
    queue.done("a");
    equal(begun(queue), "a2");
    queue.done("a");
    queue.done("a");
    equal(begun(queue), "a3");
    queue.done("a");
    queue.add("a", "late");
    equal(begun(queue), "late");
  });

  it("keep their order however many there are", () => {
    const queue = createFairQueue<string>(1, 1);
    for (let round = 0; round < 500; round++) {
      queue.add("a", `${round}`);
      queue.add("a", `${round}+`);
      equal(queue.take(), round % 2 === 0 ? `${round / 2}` : `${(round - 1) / 2}+`);
      queue.done("a");
    }
    equal(queue.waiting(), 500);
  });
});
