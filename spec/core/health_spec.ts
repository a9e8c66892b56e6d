import { changeText, judge, newHealth } from "../../src/dygateway/core/upstream/health.ts";
import type { PeerHealth } from "../../src/dygateway/core/upstream/health.ts";
import { checkDefaults } from "../../src/dygateway/core/upstream/model.ts";
import type { HealthCheck } from "../../src/dygateway/core/upstream/model.ts";
import { equal, isTrue } from "../support/assert.ts";

function checkWith(parts: Partial<HealthCheck>): HealthCheck {
  return { ...checkDefaults, rise: 2, fall: 3, ...parts };
}

/** What becomes of a new peer after these results, a second apart: `+` a success, anything else the reason of a failure. */
function after(check: HealthCheck, results: readonly string[]): PeerHealth {
  let health = newHealth(check, 100);
  let now = 100;
  for (const result of results) {
    now++;
    health = judge(health, result === "+" ? "" : result, check, now);
  }
  return health;
}

describe("the health of a peer", () => {
  const startsUp = checkWith({ initial: "up" });
  const startsDown = checkWith({ initial: "down" });

  const cases: readonly (readonly [title: string, check: HealthCheck, results: readonly string[], expected: PeerHealth])[] = [
    ["is what the check says it starts as", startsUp, [], { up: true, since: 100, against: 0, checked: 0, reason: "" }],
    ["is down where the check says so", startsDown, [], { up: false, since: 100, against: 0, checked: 0, reason: "" }],
    ["stays up below `fall` failures", startsUp, ["a", "b"], { up: true, since: 100, against: 2, checked: 102, reason: "b" }],
    ["goes down with the last of `fall`", startsUp, ["a", "b", "c"], { up: false, since: 103, against: 0, checked: 103, reason: "c" }],
    ["counts failures in a row only", startsUp, ["a", "b", "+", "c", "d"], { up: true, since: 100, against: 2, checked: 105, reason: "d" }],
    ["forgets a reason after a success", startsUp, ["a", "+"], { up: true, since: 100, against: 0, checked: 102, reason: "" }],
    ["comes up after `rise` successes", startsDown, ["+", "+"], { up: true, since: 102, against: 0, checked: 102, reason: "" }],
    ["counts successes in a row only", startsDown, ["+", "a", "+"], { up: false, since: 100, against: 1, checked: 103, reason: "a" }],
    ["keeps its reason until it is up", startsUp, ["a", "b", "c", "+"], { up: false, since: 103, against: 1, checked: 104, reason: "c" }],
    ["says the newest reason while down", startsUp, ["a", "b", "c", "d"], { up: false, since: 103, against: 0, checked: 104, reason: "d" }],
    ["comes and goes", startsUp, ["a", "a", "a", "+", "+", "b", "b", "b"], { up: false, since: 108, against: 0, checked: 108, reason: "b" }],
  ];
  for (const [title, check, results, expected] of cases) {
    it(title, () => {
      equal(after(check, results), expected);
    });
  }

  it("changes with every result where one is enough", () => {
    const check = checkWith({ rise: 1, fall: 1 });
    equal(after(check, ["a"]).up, false);
    equal(after(check, ["a", "+"]).up, true);
  });

  it("keeps what it was when the check is replaced, and goes on counting by the new one", () => {
    const health = after(startsUp, ["a", "b"]);
    isTrue(!judge(health, "c", checkWith({ fall: 3, path: "/other" }), 110).up, "the third failure counts");
    isTrue(judge(health, "c", checkWith({ fall: 5 }), 110).up, "five are needed now");
  });

  it("is told in one line", () => {
    equal(
      changeText("shop", "10.0.0.1:80", after(startsUp, ["a", "b", "status 500"]), startsUp),
      "upstream 'shop': 10.0.0.1:80 is down after 3 failed checks: status 500",
    );
    const once = checkWith({ initial: "down", rise: 1 });
    equal(changeText("shop", "unix:/s", after(once, ["+"]), once), "upstream 'shop': unix:/s is up after 1 successful check");
  });
});
