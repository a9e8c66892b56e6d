import { noPause } from "../../src/dygateway/core/result.ts";
import { addressParts, parseServerAddress } from "../../src/dygateway/core/upstream/address.ts";
import { checkUpstreamName } from "../../src/dygateway/core/upstream/name.ts";
import type { Upstream } from "../../src/dygateway/core/upstream/model.ts";
import { MOST_SERVERS } from "../../src/dygateway/core/upstream/parse_directives.ts";
import { parseConfBody, parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { parseTime, timeText } from "../../src/dygateway/core/upstream/parse_values.ts";
import { printUpstreamBody } from "../../src/dygateway/core/upstream/print.ts";
import { parseStored } from "../../src/dygateway/core/upstream/stored.ts";
import { random } from "../cases/random.ts";
import { acceptedBodies, notUpstreamNames, refusedBodies, upstreamNames } from "../cases/upstream_bodies.ts";
import { damagedBody, randomUpstream } from "../cases/upstream_random.ts";
import { contains, equal, isTrue, show } from "../support/assert.ts";
import { errorOf, refused, valueOf } from "./support/results.ts";

const PARAMETER_ERROR = 50102;
const PARAMETER_TYPE_ERROR = 50104;

function upstreamOf(body: string): Upstream {
  return valueOf(parseUpstreamBody(body, noPause));
}

describe("an upstream body", () => {
  for (const [body, printed] of acceptedBodies) {
    it(`${show(body)} is ${printed}`, () => {
      equal(printUpstreamBody(upstreamOf(body)), printed);
      equal(printUpstreamBody(upstreamOf(printed)), printed);
    });
  }

  for (const [body, words] of refusedBodies) {
    it(`${show(body)} is refused: ${words}`, () => {
      refused(parseUpstreamBody(body, noPause), PARAMETER_ERROR, words);
    });
  }

  it("has nginx's defaults", () => {
    equal(upstreamOf("server 10.0.0.1:80;"), {
      servers: [
        {
          address: "10.0.0.1:80",
          weight: 1,
          maxFails: 1,
          failTimeout: 10,
          maxConns: 0,
          slowStart: 0,
          backup: false,
          down: false,
          drain: false,
          out: false,
        },
      ],
      balance: { kind: "round_robin" },
    });
  });

  it("says whether it has no check, or says nothing about one", () => {
    const draft = (body: string): boolean | undefined => valueOf(parseUpstreamBody(body, noPause)).noCheck;
    equal(draft("server a:1;"), undefined);
    equal(draft("server a:1; check;"), undefined);
    equal(draft("server a:1; no_check;"), true);
  });

  it("comes back from its printed text, whatever it is", () => {
    const dice = random(4711);
    for (let round = 0; round < 400; round++) {
      const upstream = randomUpstream(dice, 12);
      const printed = printUpstreamBody(upstream);
      const read = parseUpstreamBody(printed, noPause);
      equal(read.ok ? read.value : read.error.desc, upstream, `round ${round}: ${printed}`);
    }
  });

  it("is refused with a reason or has one text, whatever is sent", () => {
    const dice = random(271828);
    let accepted = 0;
    for (let round = 0; round < 3000; round++) {
      const body = damagedBody(dice, printUpstreamBody(randomUpstream(dice, 3)));
      const read = parseUpstreamBody(body, noPause);
      if (read.ok) {
        accepted++;
        const printed = printUpstreamBody(read.value);
        equal(printUpstreamBody(upstreamOf(printed)), printed, `round ${round}`);
      } else {
        equal(read.error.code, PARAMETER_ERROR, `round ${round}`);
        contains(read.error.desc, "upstream body: ");
      }
    }
    isTrue(accepted > 100 && accepted < 2000, `some of them are right: ${accepted} were`);
  });

  it("may hold a thousand servers, and is read in slices", () => {
    const statements: string[] = [];
    for (let i = 0; i < 1000; i++) {
      statements.push(`server 10.0.${Math.floor(i / 250)}.${i % 250}:8080 weight=${i + 1} max_fails=3 fail_timeout=30s;`);
    }
    let pauses = 0;
    const read = valueOf(
      parseUpstreamBody(statements.join(" "), () => {
        pauses++;
      }),
    );
    equal(read.servers.length, 1000);
    equal(read.servers[999]?.weight, 1000);
    isTrue(pauses >= 5, `the clock is looked at often: ${pauses} times`);
  });

  it("holds no more servers than a worker should", () => {
    const statements: string[] = [];
    for (let i = 0; i <= MOST_SERVERS; i++) {
      statements.push(`server a:${i + 1};`);
    }
    const words = `statement ${MOST_SERVERS + 1}: server: an upstream has at most ${MOST_SERVERS} servers`;
    refused(parseUpstreamBody(statements.join(""), noPause), PARAMETER_ERROR, words);
  });

  it("is not repeated in full by the reason it is refused for", () => {
    const long = "x".repeat(100000);
    for (const body of [`${long};`, `server ${long};`, `server a:1 ${long};`, `server a:1 weight=${long};`, `check ${long}; server a:1;`, long]) {
      isTrue(errorOf(parseUpstreamBody(body, noPause)).desc.length < 400, body.slice(0, 20));
    }
  });
});

describe("what stands in a configuration file", () => {
  it("may say what means nothing to the gateway", () => {
    const body = "\n  zone stable 64k;\n  server 10.0.0.1:80; # first\n  keepalive_time 1h;\n  server 10.0.0.2:80; # last";
    equal(printUpstreamBody(valueOf(parseConfBody(body, noPause))), "server 10.0.0.1:80; server 10.0.0.2:80;");
  });

  it("is refused for the same reasons otherwise", () => {
    refused(parseConfBody("zone a 64k; server a:1 weight=0;", noPause), PARAMETER_ERROR, "statement 2: weight=0");
    refused(parseConfBody("zone a 64k;", noPause), PARAMETER_ERROR, "it has no server");
  });
});

describe("what is stored", () => {
  it("is an upstream, a tombstone or broken", () => {
    equal(valueOf(parseStored("removed;", noPause)), "removed");
    const upstream = valueOf(parseStored("server a:1;", noPause));
    equal(upstream === "removed" ? 0 : upstream.servers.length, 1);
    refused(parseStored("removed; server a:1;", noPause), PARAMETER_ERROR, "statement 1: 'removed'");
    refused(parseStored("", noPause), PARAMETER_ERROR, "it has no server");
  });
});

describe("an upstream's name", () => {
  for (const name of [...upstreamNames, "a".repeat(255)]) {
    it(`may be ${name.slice(0, 20)}`, () => {
      equal(valueOf(checkUpstreamName(name)), name);
    });
  }

  for (const [name, words] of [...notUpstreamNames, ["a".repeat(256), "longer than 255"] as const]) {
    it(`may not be ${show(name.slice(0, 20))}`, () => {
      refused(checkUpstreamName(name), PARAMETER_TYPE_ERROR, words);
    });
  }
});

describe("a server's address", () => {
  const parts: readonly (readonly [text: string, kind: string, host: string, port: number])[] = [
    ["10.0.0.1", "ip", "10.0.0.1", 80],
    ["10.0.0.1:8080", "ip", "10.0.0.1", 8080],
    ["[2001:DB8::1]:81", "ip", "2001:db8::1", 81],
    ["unix:/run/a.sock", "unix", "/run/a.sock", 0],
    ["App.Example:81", "name", "app.example", 81],
  ];
  for (const [text, kind, host, port] of parts) {
    it(`${text} has its parts`, () => {
      equal(addressParts(valueOf(parseServerAddress(text))), { kind, host, port });
    });
  }

  it("is refused by its own name", () => {
    refused(parseServerAddress("10.0.0.1:x"), PARAMETER_TYPE_ERROR, "server address invalid: '10.0.0.1:x' has a bad port");
  });
});

describe("a time", () => {
  const times: readonly (readonly [text: string, seconds: number, printed: string])[] = [
    ["0", 0, "0s"],
    ["10", 10, "10s"],
    ["10s", 10, "10s"],
    ["500ms", 0.5, "500ms"],
    ["1s500ms", 1.5, "1500ms"],
    ["1h30m", 5400, "5400s"],
    ["1d 2h 3m 4s", 93784, "93784s"],
    ["1h 30", 3630, "3630s"],
    ["2w", 1209600, "1209600s"],
    ["1M", 2592000, "2592000s"],
    ["1y", 31536000, "31536000s"],
  ];
  for (const [text, seconds, printed] of times) {
    it(`${text} is ${seconds} seconds`, () => {
      equal([parseTime(text), timeText(seconds)], [seconds, printed]);
    });
  }

  it("is nothing else", () => {
    for (const text of ["", " ", "s", "1.5s", "-1", "1s1m", "1m1m", "30 1h", "1 ", "1x", "2y", "9999999999", "1h 30 5", " 1"]) {
      equal(parseTime(text), -1, text);
    }
  });
});
