import {
  createSchedule,
  firstProbe,
  nextProbe,
  probeAfter,
  SLOT_SECONDS,
  turnOf,
} from "../../src/dygateway/core/upstream/health_schedule.ts";
import { equal, isTrue } from "../support/assert.ts";

function addresses(count: number): string[] {
  const list: string[] = [];
  for (let i = 0; i < count; i++) {
    list.push(`10.0.${Math.floor(i / 250)}.${(i % 250) + 1}:8080`);
  }
  return list;
}

/** The largest number of times within any `span`. */
function mostWithin(times: number[], span: number): number {
  times.sort((a, b) => a - b);
  let most = 0;
  let start = 0;
  times.forEach((time, i) => {
    while (time - (times[start] ?? time) >= span) {
      start++;
    }
    most = Math.max(most, i - start + 1);
  });
  return most;
}

describe("when peers are probed", () => {
  it("gives each peer the same turn everywhere, from 0 to below 1", () => {
    equal(turnOf("shop", "10.0.0.1:80"), turnOf("shop", "10.0.0.1:80"));
    isTrue(turnOf("shop", "10.0.0.1:80") !== turnOf("cart", "10.0.0.1:80"), "another upstream's turn is another");
    for (const address of addresses(500)) {
      const turn = turnOf("shop", address);
      isTrue(turn >= 0 && turn < 1, `the turn of ${address} is ${turn}`);
    }
  });

  it("spreads a thousand peers over the interval, and no twentieth of it has three times its share", () => {
    const interval = 5;
    const times = addresses(1000).map((address) => nextProbe(turnOf("shop", address), interval, 1000));
    for (const time of times) {
      isTrue(time > 1000 && time <= 1005, `${time} is not within the interval`);
    }
    const most = mostWithin(times, interval / 20);
    isTrue(most < 150, `${most} probes within a twentieth of the interval`);
  });

  it("spreads the first probes of a thousand new peers too", () => {
    const times = addresses(1000).map((address) => firstProbe(turnOf("shop", address), 1000, 5, 1000));
    const most = mostWithin(times, 0.25);
    isTrue(most < 150, `${most} first probes within a quarter of a second`);
  });

  it("probes a few new peers at once rather than after a long interval", () => {
    for (const address of addresses(3)) {
      const first = firstProbe(turnOf("shop", address), 3, 30, 1000);
      isTrue(first >= 1000 && first < 1000.03, `the first probe is at ${first}`);
    }
  });

  it("probes once an interval, from the second probe on in the peer's turn", () => {
    const turn = turnOf("shop", "10.0.0.1:80");
    const first = firstProbe(turn, 1, 5, 1000);
    const second = probeAfter(turn, 5, first, first);
    isTrue(second - first >= 2.5 && second - first < 7.5, `${second - first} seconds after the first`);
    const third = probeAfter(turn, 5, second, second + 0.3);
    isTrue(Math.abs(third - second - 5) < 0.0001, `${third - second} seconds after the second`);
  });

  it("leaves out turns that a slow probe took", () => {
    const turn = turnOf("shop", "10.0.0.1:80");
    const due = nextProbe(turn, 1, 1000);
    const next = probeAfter(turn, 1, due, due + 3.5);
    isTrue(next > due + 3.5 && next <= due + 4.5, `${next - due} seconds after`);
  });

  const start = 1000;

  it("hands out what is due, once", () => {
    const schedule = createSchedule<string>(start);
    schedule.add("a", start + 1);
    schedule.add("b", start + 2);
    equal(schedule.take(start), []);
    equal(schedule.take(start + 1 + SLOT_SECONDS), ["a"]);
    equal(schedule.take(start + 1 + SLOT_SECONDS), []);
    equal(schedule.take(start + 5), ["b"]);
    equal(schedule.take(start + 50), []);
  });

  it("hands out what is overdue with what comes next", () => {
    const schedule = createSchedule<string>(start);
    schedule.take(start);
    schedule.add("late", start - 10);
    equal(schedule.take(start + SLOT_SECONDS * 1.5), ["late"]);
  });

  it("takes what comes before what was added first", () => {
    const schedule = createSchedule<string>(start);
    schedule.add("later", start + 10);
    schedule.add("sooner", start + 1);
    equal(schedule.take(start + 2), ["sooner"]);
    equal(schedule.take(start + 11), ["later"]);
  });

  it("loses nothing when the clock is set back, or far ahead", () => {
    const schedule = createSchedule<string>(start);
    schedule.add("a", start + 10);
    schedule.take(start);
    equal(schedule.take(start - 100), ["a"]);
    schedule.add("b", start - 90);
    equal(schedule.take(start + 1000000), ["b"]);
    schedule.add("c", start + 1000010);
    equal(schedule.take(start + 1000011), ["c"]);
  });
});
