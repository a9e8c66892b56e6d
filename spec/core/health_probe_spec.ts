import { answerProblem, MOST_BYTES, probeRequest, probeTimeout } from "../../src/dygateway/core/upstream/health_probe.ts";
import { checkDefaults } from "../../src/dygateway/core/upstream/model.ts";
import type { HealthCheck } from "../../src/dygateway/core/upstream/model.ts";
import { equal } from "../support/assert.ts";

function checkWith(parts: Partial<HealthCheck>): HealthCheck {
  return { ...checkDefaults, expect: [200, 204], ...parts };
}

const any = checkWith({});
const wantsOk = checkWith({ body: "all is ok" });

describe("the request of a check", () => {
  it("names the upstream where the check names no host", () => {
    equal(
      probeRequest(checkWith({ method: "HEAD", path: "/live?deep=1" }), "shop"),
      "HEAD /live?deep=1 HTTP/1.1\r\nHost: shop\r\nUser-Agent: dygateway-health\r\nAccept: */*\r\nConnection: close\r\n\r\n",
    );
    equal(probeRequest(checkWith({ host: "api.weibo.cn" }), "shop").indexOf("Host: api.weibo.cn\r\n") > 0, true);
  });
});

describe("the time of a check", () => {
  it("ends at the latest when the next one is due", () => {
    equal(probeTimeout(checkWith({ interval: 5, timeout: 2 })), 2);
    equal(probeTimeout(checkWith({ interval: 1, timeout: 60 })), 1);
  });
});

describe("the answer to a check", () => {
  /** undefined: more of the answer is needed. */
  const cases: readonly (readonly [title: string, check: HealthCheck, raw: string, over: boolean, problem: string | undefined])[] = [
    ["is waited for", any, "", false, undefined],
    ["is missing where the connection is closed", any, "", true, "the connection was closed without an answer"],
    ["is waited for until its first line is whole", any, "HTTP/1.1 200 O", false, undefined],
    ["has a line that ends too soon", any, "HTTP/1.1 200 O", true, "the answer is not HTTP"],
    ["is good by its status alone", any, "HTTP/1.1 200 OK\r\nServ", false, ""],
    ["is good with any code that is expected", any, "HTTP/1.0 204 No Content\r\n", false, ""],
    ["needs no words after the code", any, "HTTP/1.1 200\r\n", false, ""],
    ["is bad with any other code", any, "HTTP/1.1 500 Internal Server Error\r\n", false, "status 500"],
    ["is bad where it is no answer", any, "SSH-2.0-OpenSSH_9.2\r\n", false, "the answer is not HTTP"],
    ["is bad where its code is none", any, "HTTP/1.1 2x0 OK\r\n", false, "the answer is not HTTP"],
    ["is not HTTP where no line ends", any, "x".repeat(MOST_BYTES), false, "the answer is not HTTP"],
    ["is judged by its status before its body", wantsOk, "HTTP/1.1 503 Busy\r\n", false, "status 503"],
    ["is waited for until its headers end", wantsOk, "HTTP/1.1 200 OK\r\nA: all is ok\r\n", false, undefined],
    ["is cut off within its headers", wantsOk, "HTTP/1.1 200 OK\r\nA: b\r\n", true, "the answer ends within its headers"],
    ["has the text before its end", wantsOk, "HTTP/1.1 200 OK\r\n\r\nyes, all is ok, and", false, ""],
    ["may have the text still", wantsOk, "HTTP/1.1 200 OK\r\n\r\nyes, all is", false, undefined],
    ["has ended without the text", wantsOk, "HTTP/1.1 200 OK\r\n\r\nno", true, 'body does not contain "all is ok"'],
    ["has ended by its length", wantsOk, "HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\nno", false, 'body does not contain "all is ok"'],
    ["has more to come by its length", wantsOk, "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nno", false, undefined],
    ["has the text across chunks", wantsOk, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nall i\r\n4;x=y\r\ns ok\r\n", false, ""],
    ["ends with its last chunk", wantsOk, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n", false, 'body does not contain "all is ok"'],
    ["has more chunks to come", wantsOk, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n", false, undefined],
    ["has a chunk that is not whole yet", wantsOk, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n0123", false, undefined],
    ["does not count the length of chunks", checkWith({ body: "a\r\n" }), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n", true, 'body does not contain "a\r\n"'],
    ["is given up where it is too long", wantsOk, `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(MOST_BYTES)}`, false, 'body does not contain "all is ok"'],
    ["has what a pattern says, with anything in between", checkWith({ body: "db*up*!" }), "HTTP/1.1 200 OK\r\n\r\n{db: up}!", true, ""],
    ["has it in another order", checkWith({ body: "up*db" }), "HTTP/1.1 200 OK\r\n\r\ndb: up", true, 'body does not contain "up*db"'],
    ["has no text twice for two pieces", checkWith({ body: "aba*ba" }), "HTTP/1.1 200 OK\r\n\r\naba", true, 'body does not contain "aba*ba"'],
    ["has the asterisk that is asked for", checkWith({ body: "2 \\* 3" }), "HTTP/1.1 200 OK\r\n\r\n2 * 3", true, ""],
    ["has something else where an asterisk is asked for", checkWith({ body: "2 \\* 3" }), "HTTP/1.1 200 OK\r\n\r\n2 + 3", true, 'body does not contain "2 \\* 3"'],
    ["may be anything for a lone asterisk", checkWith({ body: "*" }), "HTTP/1.1 200 OK\r\n\r\n", true, ""],
    ["shows a long text cut", checkWith({ body: "y".repeat(100) }), "HTTP/1.1 200 OK\r\n\r\n", true, `body does not contain "${"y".repeat(40)}…"`],
  ];
  for (const [title, check, raw, over, problem] of cases) {
    it(title, () => {
      equal(answerProblem(raw, over, check), problem);
    });
  }
});
