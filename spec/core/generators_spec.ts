import { equal } from "../support/assert.ts";

/** Asks for each of two numbers, and ends with their sum. */
function* sum(first: string, missing: string | undefined, second: string): Generator<string, number, number> {
  const one = yield `${first}${missing ?? ""}`;
  const other = yield second;
  return one + other;
}

function* failing(): Generator<string, number, number> {
  yield "before";
  throw new Error("it failed");
}

describe("generators, which scripts/tstl/generators.cjs changes in Lua", () => {
  it("hand on what is given to one that is delegated to, however deep", () => {
    function* middle(): Generator<string, number, number> {
      return (yield* sum("a", undefined, "b")) * 10;
    }
    function* outer(): Generator<string, number, number> {
      return (yield* middle()) + (yield "c");
    }
    const work = outer();
    equal(work.next(), { value: "a", done: false });
    equal(work.next(1), { value: "b", done: false });
    equal(work.next(2), { value: "c", done: false });
    equal(work.next(3), { value: 33, done: true });
    equal(work.next().done, true);
  });

  it("go on with one that has begun before it is delegated to", () => {
    function* telling(): Generator<string, number, number> {
      yield "told";
      return (yield "asked") + 1;
    }
    const begun = telling();
    equal(begun.next(), { value: "told", done: false });
    function* outer(): Generator<string, number, number> {
      return yield* begun;
    }
    const work = outer();
    equal(work.next(), { value: "asked", done: false });
    equal(work.next(5), { value: 6, done: true });
  });

  it("know one that has ended inside another", () => {
    const inner = sum("a", "", "b");
    function* outer(): Generator<string, number, number> {
      return yield* inner;
    }
    const work = outer();
    work.next();
    work.next(1);
    equal(work.next(2), { value: 3, done: true });
    equal(inner.next().done, true);
  });

  it("throw what one throws that is delegated to, where it can be caught", () => {
    function* careful(): Generator<string, string, number> {
      try {
        yield* failing();
      } catch (error) {
        yield `caught: ${error instanceof Error ? error.message : String(error)}`;
      }
      return "end";
    }
    const work = careful();
    equal(work.next(), { value: "before", done: false });
    equal(work.next(), { value: "caught: it failed", done: false });
    equal(work.next(), { value: "end", done: true });
  });

  it("run side by side", () => {
    const works = [sum("a", "", "b"), sum("c", "", "d")];
    equal(works.map((work) => work.next().value), ["a", "c"]);
    equal(works.map((work, at) => work.next(at).value), ["b", "d"]);
    equal(works.map((work, at) => work.next(at * 10).value), [0, 11]);
  });
});
