import { blockText, firstPattern, nextPattern, PATTERNS } from "../../src/dygateway/core/upstream/block_text.ts";
import { closingBlock, foldedName, keepaliveBlock } from "../../src/dygateway/core/upstream/name.ts";
import { equal, isTrue } from "../support/assert.ts";

describe("the text of an upstream's block", () => {
  it("is different for every pattern, and for nginx the block's name", () => {
    const seen: Record<string, boolean> = {};
    for (let pattern = 0; pattern < PATTERNS; pattern++) {
      const text = blockText(keepaliveBlock, pattern);
      isTrue(seen[text] === undefined, text);
      seen[text] = true;
    }
    equal(foldedName(blockText(keepaliveBlock, PATTERNS - 1)), keepaliveBlock);
    equal(blockText(keepaliveBlock, 0), keepaliveBlock);
    equal(blockText(keepaliveBlock, PATTERNS - 1), "DYGATEWAY_BALANCER");
    equal(blockText(closingBlock, 5), "DyGateway_balancer_close");
  });

  it("begins with a pattern that the name decides, and goes on to all others but the one without capitals", () => {
    equal(firstPattern("stable"), firstPattern("stable"));
    isTrue(firstPattern("stable") !== firstPattern("beta1"), "names differ");
    equal([nextPattern(1), nextPattern(PATTERNS - 1)], [2, 1]);
    for (const name of ["a", "stable", "u1", "u2", "\u00e9"]) {
      const pattern = firstPattern(name);
      isTrue(pattern >= 1 && pattern < PATTERNS, `${name}: ${pattern}`);
    }
  });
});
