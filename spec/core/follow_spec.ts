import { follow, looksLikeLoss, startPosition } from "../../src/dygateway/core/store/follow.ts";
import type { Followed, Position } from "../../src/dygateway/core/store/follow.ts";
import { deletePolicy } from "../../src/dygateway/core/store/policy_changes.ts";
import { errorReply, together } from "../../src/dygateway/core/store/command.ts";
import type { Command, StoreWork } from "../../src/dygateway/core/store/command.ts";
import { contains, equal, fail } from "../support/assert.ts";
import { addGroup, addPolicy, addRuntime, context, keys, ofGroup, ofPolicy, suffixPolicy } from "./support/changes.ts";
import { byHand, commit, drive, fakeRedis } from "./support/fake_redis.ts";
import type { FakeRedis } from "./support/fake_redis.ts";
import { refused, valueOf } from "./support/results.ts";

function followed(redis: FakeRedis, known: Position): Followed {
  return valueOf(drive(redis, follow(keys, known)));
}

function why(redis: FakeRedis, known: Position): string {
  const { following } = followed(redis, known);
  return following.kind === "lost" ? following.reason : fail(`it is ${following.kind}, not lost`);
}

/** A store with two policies and two runtimes, at revision 4. */
function someStore(): FakeRedis {
  const redis = fakeRedis();
  addPolicy(redis, suffixPolicy);
  addPolicy(redis, suffixPolicy);
  addRuntime(redis, "a", ofPolicy("0"));
  addRuntime(redis, "b", ofPolicy("1"));
  return redis;
}

const atFour: Position = { revision: 4, nonce: "n1", policyIdCount: 1 };

describe("following the store", () => {
  it("is at the start where there is nothing", () => {
    equal(followed(fakeRedis(), startPosition), { position: startPosition, following: { kind: "current" } });
  });

  it("is current where nothing has happened", () => {
    equal(followed(someStore(), atFour), { position: atFour, following: { kind: "current" } });
  });

  it("reads only what the changes since have touched", () => {
    const redis = someStore();
    equal(followed(redis, { revision: 2, nonce: "n1", policyIdCount: 1 }), {
      position: atFour,
      following: { kind: "changes", hostnames: ["a", "b"], policyIds: [], upstreams: [] },
    });
    addGroup(redis, `{"1":${suffixPolicy},"2":${suffixPolicy}}`);
    commit(redis, deletePolicy(context("n6"), { id: "0" }, true));
    equal(followed(redis, atFour), {
      position: { revision: 6, nonce: "n6", policyIdCount: 3 },
      following: { kind: "changes", hostnames: ["a"], policyIds: ["2", "3", "0"], upstreams: [] },
    });
  });

  it("follows from the very first change", () => {
    equal(followed(someStore(), startPosition).following, { kind: "changes", hostnames: ["a", "b"], policyIds: ["0", "1"], upstreams: [] });
  });

  it("takes a change that touches very many hostnames", () => {
    const hostnames: string[] = [];
    for (let i = 0; i < 200000; i++) {
      hostnames.push(`h${i}`);
    }
    const redis = fakeRedis();
    redis.run(["SET", keys.revision, "1"]);
    redis.run(["XADD", keys.audit, "MAXLEN", "~", "10", "1-0", "nonce", "x", "hostnames", hostnames.join("\n"), "policyids", ""]);
    const { following } = followed(redis, startPosition);
    equal(following.kind === "changes" ? following.hostnames.length : -1, 200000);
  });

  it("names the upstreams that changes have touched, also among entries that know of none", () => {
    const redis = fakeRedis();
    byHand(redis, [
      "XADD ab:test:audit MAXLEN ~ 10 1-0 nonce x hostnames h policyids 3",
      "XADD ab:test:audit MAXLEN ~ 10 2-0 nonce y upstreams beta1",
      "SET ab:test:revision 3",
    ]);
    redis.run(["XADD", keys.audit, "MAXLEN", "~", "10", "3-0", "nonce", "z", "upstreams", "stable\nbeta1"]);
    equal(followed(redis, startPosition).following, {
      kind: "changes",
      hostnames: ["h"],
      policyIds: ["3"],
      upstreams: ["beta1", "stable", "beta1"],
    });
  });

  it("reads everything where the stream has been trimmed beyond what is known", () => {
    const redis = fakeRedis();
    redis.run(["SET", keys.revision, "9"]);
    byHand(redis, ["XADD ab:test:audit MAXLEN ~ 10 8-0 nonce x", "XADD ab:test:audit MAXLEN ~ 10 9-0 nonce y"]);
    equal(followed(redis, atFour).following.kind, "lost");
    equal(followed(redis, { ...atFour, policyIdCount: -1 }).following, { kind: "reload" });
    equal(followed(redis, { revision: 7, nonce: "gone", policyIdCount: -1 }).following.kind, "changes");
  });

  it("reads everything where entries are missing in the middle or at the end", () => {
    const redis = someStore();
    byHand(redis, ["XADD ab:test:audit MAXLEN ~ 10 6-0 nonce x", "SET ab:test:revision 6"]);
    equal(followed(redis, atFour).following, { kind: "reload" });
    byHand(redis, ["SET ab:test:revision 7"]);
    equal(followed(redis, atFour), { position: { revision: 7, nonce: "", policyIdCount: 1 }, following: { kind: "reload" } });
  });

  it("reads everything where there is no stream, or something else in its place", () => {
    for (const commands of [["UNLINK ab:test:audit"], ["UNLINK ab:test:audit", "SET ab:test:audit x"]]) {
      const redis = someStore();
      byHand(redis, [...commands, "SET ab:test:revision 5"]);
      equal(followed(redis, atFour).following, { kind: "reload" });
      byHand(redis, ["SET ab:test:revision 4"]);
      equal(followed(redis, atFour).following, { kind: "current" });
    }
  });

  it("takes nothing from a store that came back empty", () => {
    contains(why(fakeRedis(), atFour), "its revision is 0, this node is at 4");
  });

  it("takes nothing from a store that was set back", () => {
    const redis = someStore();
    contains(why(redis, { ...atFour, revision: 5 }), "its revision is 4, this node is at 5");
    byHand(redis, ["SET ab:test:revision x"]);
    contains(why(redis, atFour), "this node is at 4");
  });

  it("takes nothing from a store whose policies were set back, as the predecessor's are without a revision", () => {
    const redis = someStore();
    contains(why(redis, { ...atFour, policyIdCount: 2 }), "its policy id counter is 1, it was 2");
    byHand(redis, ["UNLINK ab:test:policies:idCount"]);
    contains(why(redis, atFour), "its policy id counter is -1, it was 1");
    byHand(redis, ["SET ab:test:policies:idCount x"]);
    contains(why(redis, atFour), "it was 1");
    contains(why(fakeRedis(), { revision: 0, nonce: "", policyIdCount: 3 }), "its policy id counter is -1, it was 3");
  });

  for (const number of ["41e309", "inf", "nan", "0x10", "9007199254740993", "4.5", " 4", "4 ", "-4", "four", ""]) {
    it(`takes nothing from a store that has "${number}" for a revision, or for its last policy id`, () => {
      for (const key of [keys.revision, keys.policyIdCount]) {
        const redis = someStore();
        redis.run(["SET", key, number]);
        contains(why(redis, atFour), `is -1, ${key === keys.revision ? "this node is at 4" : "it was 1"}`);
      }
    });
  }

  it("takes nothing from a store whose last change is another one with the same number", () => {
    contains(why(someStore(), { ...atFour, nonce: "other" }), "its change 4 is not the one that this node has seen");
  });

  it("takes nothing from a store that was set back and written to since", () => {
    const redis = someStore();
    addPolicy(redis, suffixPolicy);
    contains(why(redis, { ...atFour, nonce: "other" }), "its change 4 is not the one that this node has seen: it was set back and written to");
    equal(followed(redis, { ...atFour, nonce: "" }).following.kind, "changes");
  });

  it("follows policies that somebody else has added", () => {
    const redis = someStore();
    byHand(redis, ["SET ab:test:policies:idCount 7"]);
    equal(followed(redis, atFour), { position: { ...atFour, policyIdCount: 7 }, following: { kind: "current" } });
  });

  it("fails where the store cannot say how far it is", () => {
    for (const key of [keys.revision, keys.policyIdCount]) {
      const redis = someStore();
      redis.fault = (command) => (command[1] === key ? errorReply("LOADING Redis is loading") : undefined);
      refused(drive(redis, follow(keys, atFour)), 40101, "LOADING");
    }
  });

  it("reads a runtime's change after its group", () => {
    const redis = fakeRedis();
    addGroup(redis, `{"1":${suffixPolicy}}`);
    addRuntime(redis, "h", ofGroup("0"));
    equal(followed(redis, startPosition).following, { kind: "changes", hostnames: ["h"], policyIds: ["0"], upstreams: [] });
  });
});

describe("runtimes that went away without a word", () => {
  it("look like loss when they are more than half and more than a few", () => {
    for (const [before, removed, expected] of [
      [0, 0, false],
      [1, 1, false],
      [3, 3, false],
      [4, 4, true],
      [7, 4, true],
      [8, 4, false],
      [8, 5, true],
      [100, 50, false],
      [100, 51, true],
      [1000, 0, false],
    ] as const) {
      equal(looksLikeLoss(before, removed), expected, `${removed} of ${before}`);
    }
  });
});

describe("works driven together", () => {
  function* counting(name: string, steps: readonly number[]): StoreWork<string> {
    let seen = name;
    for (const width of steps) {
      const commands: Command[] = [];
      for (let i = 0; i < width; i++) {
        commands.push(["GET", `${name}${i}`]);
      }
      const replies = yield commands;
      seen += `:${replies.map((reply) => (typeof reply === "string" ? reply : "?")).join("")}/${replies.length}`;
    }
    return seen;
  }

  it("get their own replies, whatever their lengths", () => {
    const redis = fakeRedis();
    for (const name of ["a0", "a1", "b0", "b1", "b2", "d0"]) {
      redis.run(["SET", name, name]);
    }
    let pipelines = 0;
    const works = [counting("a", [2, 1]), counting("b", [1, 0, 3, 1]), counting("c", []), counting("d", [1])];
    const results = drive(redis, together(works), () => {
      pipelines++;
    });
    equal(results, ["a:a0a1/2:a0/1", "b:b0/1:/0:b0b1b2/3:b0/1", "c", "d:d0/1"]);
    equal(pipelines, 4);
  });

  it("may be none, and may lie in each other", () => {
    const redis = fakeRedis();
    redis.run(["SET", "a0", "x"]);
    equal(drive(redis, together<string>([])), []);
    equal(drive(redis, together([together([counting("a", [1]), counting("a", [1, 1])]), together([counting("a", [])])])), [["a:x/1", "a:x/1:x/1"], ["a"]]);
  });
});
