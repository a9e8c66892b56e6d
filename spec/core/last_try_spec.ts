import { judgeTry, upstreamsTried } from "../../src/dygateway/core/upstream/last_try.ts";
import { equal } from "../support/assert.ts";

function judged(notes: readonly [string, string, string], address: string | undefined, earlier = 0): string {
  const [statuses, addresses, headerTimes] = notes;
  const { failed, isLast } = judgeTry({ statuses, addresses, headerTimes }, address, earlier);
  return `${failed ? "failed" : "fine"}, ${isLast ? "last" : "not last"}`;
}

describe("the last try of an upstream", () => {
  it("has failed where there is no answer that nginx could read", () => {
    equal(judged(["502", "a:1", "-"], "a:1"), "failed, last");
    equal(judged(["504", "a:1", "-"], "a:1"), "failed, last");
    equal(judged(["502, 504", "a:1, b:1", "-, -"], "b:1"), "failed, last");
  });

  it("has not where the peer itself answers so, or the client has gone", () => {
    equal(judged(["502", "a:1", "0.001"], "a:1"), "fine, last");
    equal(judged(["502, 502", "a:1, b:1", "-, 0.002"], "b:1"), "fine, last");
    equal(judged(["502, 200", "a:1, b:1", "-, 0.002"], "b:1"), "fine, last");
    equal(judged(["-", "a:1", "-"], "a:1"), "fine, last");
  });

  it("is judged by itself where an error page has led to another upstream", () => {
    equal(judged(["502, 504 : 200", "a:1, b:1 : c:1", "-, - : 0.001"], "b:1"), "failed, not last");
    equal(judged(["404 : 502", "a:1 : c:1", "0.001 : -"], "a:1"), "fine, not last");
    equal(judged(["404 : 502, 502", "a:1 : c:1, a:1", "0.001 : -, -"], "c:1"), "fine, not last");
  });

  it("is found behind those of upstreams that only nginx knows", () => {
    equal(judged(["502 : 200", "c:1 : a:1", "- : 0.001"], "a:1"), "fine, last");
    equal(judged(["200 : 504 : 200", "c:1 : a:1 : d:1", "0.001 : - : 0.001"], "a:1"), "failed, not last");
  });

  it("is found behind an earlier one of the same peer", () => {
    equal(judged(["502 : 200", "a:1 : a:1", "- : 0.001"], "a:1", 1), "fine, last");
    equal(judged(["404 : 502 : 200", "a:1 : a:1 : a:1", "0.001 : - : 0.001"], "a:1", 1), "failed, not last");
  });

  it("is where it is expected if its address says nothing", () => {
    equal(judged(["502 : 200", "[::1]:80 : c:1", "- : 0.001"], "[0:0::1]:80"), "failed, not last");
    equal(judged(["502 : 200", " : c:1", "- : 0.001"], undefined), "failed, not last");
    equal(judged(["502", "a:1", "-"], "a:1", 3), "failed, last");
  });

  it("is of as many upstreams as redirects have led to", () => {
    equal(upstreamsTried(undefined), 0);
    equal(upstreamsTried("-"), 1);
    equal(upstreamsTried("502, 502"), 1);
    equal(upstreamsTried("502 : -"), 2);
    equal(upstreamsTried("502 : 200, 200 : 404"), 3);
  });
});
