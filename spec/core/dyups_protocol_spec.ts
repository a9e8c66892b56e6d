import { claimMessage, commandChannels, doneCommands, failedCommands, messageCounter } from "../../src/dygateway/core/admin/dyups_claims.ts";
import type { Claimed, Message } from "../../src/dygateway/core/admin/dyups_claims.ts";
import { readPublished, replyAbout } from "../../src/dygateway/core/admin/dyups_instruction.ts";
import { addFailed, detailAnswer, detailBlock, listAnswer, readDyupsRequest, serversAnswer } from "../../src/dygateway/core/admin/dyups_protocol.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { errorReply, nilReply } from "../../src/dygateway/core/store/command.ts";
import type { Reply } from "../../src/dygateway/core/store/command.ts";
import { noPause, success } from "../../src/dygateway/core/result.ts";
import { parseUpstreamBody } from "../../src/dygateway/core/upstream/parse.ts";
import { contains, equal, fail } from "../support/assert.ts";
import { errorOf, refused, valueOf } from "./support/results.ts";
import { upstreamOf } from "./support/upstreams.ts";

/** A request as `kind name`, or the status of its refusal. */
function read(method: string, path: string, prefix = "/dyups"): string {
  const request = readDyupsRequest(method, path, prefix);
  if (!request.ok) {
    return `${request.answer.status}`;
  }
  const { operation } = request;
  return "name" in operation ? `${operation.kind} ${operation.name}` : operation.kind;
}

describe("a request of the dyups protocol", () => {
  const cases: readonly (readonly [method: string, path: string, expected: string])[] = [
    ["GET", "/dyups/list", "list"],
    ["GET", "/dyups/detail", "detail"],
    ["GET", "/dyups/upstream/beta1", "read beta1"],
    ["POST", "/dyups/upstream/beta1", "replace beta1"],
    ["DELETE", "/dyups/upstream/beta1", "remove beta1"],
    ["POST", "/dyups/list", "404"],
    ["DELETE", "/dyups/detail", "404"],
    ["GET", "/dyups/upstream", "404"],
    ["GET", "/dyups/upstream/", "404"],
    ["POST", "/dyups/upstream/", "404"],
    ["POST", "/dyups/upstream/a/b", "404"],
    ["POST", "/dyups/upstreams/a", "404"],
    ["GET", "/dyups/upstream/a b", "404"],
    ["DELETE", "/dyups/upstream/dygateway_balancer", "404"],
    ["GET", "/dyups", "404"],
    ["GET", "/dyups/", "404"],
    ["GET", "/list", "404"],
    ["PUT", "/dyups/upstream/beta1", "405"],
    ["HEAD", "/dyups/list", "405"],
    ["get", "/dyups/list", "405"],
  ];
  for (const [method, path, expected] of cases) {
    it(`${method} ${path} is ${expected}`, () => {
      equal(read(method, path), expected);
    });
  }

  it("stands at the root where it is put there", () => {
    equal(read("GET", "/list", ""), "list");
    equal(read("POST", "/upstream/beta1", ""), "replace beta1");
    equal(read("GET", "/dyups/list", ""), "404");
  });

  it("takes any name to post to: what is wrong with it is said with the module's words", () => {
    equal(read("POST", "/dyups/upstream/a b"), "replace a b");
  });
});

describe("an answer of the dyups protocol", () => {
  it("lists names, and is 204 without any", () => {
    equal(listAnswer(["beta1", "stable"]), { status: 200, text: "beta1\nstable\n" });
    equal(listAnswer([]), { status: 204, text: "" });
  });

  it("shows every parameter of every server, and an empty line after each upstream", () => {
    const upstream = upstreamOf("server 127.0.0.1:9501; server unix:/run/b.sock weight=5 max_fails=0 fail_timeout=30s max_conns=9; server 127.0.0.3:80 backup; server 127.0.0.4:80 down;");
    equal(detailAnswer([detailBlock("a", upstream), detailBlock("broken", undefined)]), {
      status: 200,
      text:
        "a\n" +
        "server 127.0.0.1:9501 weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=0\n" +
        "server unix:/run/b.sock weight=5 max_conns=9 max_fails=0 fail_timeout=30 backup=0 down=0\n" +
        "server 127.0.0.3:80 weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=1 down=0\n" +
        "server 127.0.0.4:80 weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=1\n" +
        "\nbroken\n\n",
    });
    equal(serversAnswer(upstream).text, "server 127.0.0.1:9501\nserver unix:/run/b.sock\nserver 127.0.0.3:80\nserver 127.0.0.4:80\n");
  });

  it("shows drained servers and those out of rotation as down", () => {
    const { text } = detailAnswer([detailBlock("a", upstreamOf("server 10.0.0.1:80; server 10.0.0.2:80 drain; server 10.0.0.3:80 out;"))]);
    equal(text.split(" down=1\n").length - 1, 2);
  });

  it("says why after the module's own words", () => {
    const { status, text } = addFailed(errorOf(parseUpstreamBody("server 127.0.0.1:9501", noPause)));
    equal(status, 500);
    equal(text.split("\n")[0], "add server failed");
    contains(text, "statement 1: a ';' is missing");
  });
});

describe("a published instruction", () => {
  it("has an action, its parameters and perhaps an id", () => {
    const { id, asked } = readPublished('{"id":7,"action":"add_server","upstream":"beta1","ip":"10.0.0.1","port":80,"backup":true}', noPause);
    const { action, parameters } = valueOf(asked);
    equal(id, "7");
    equal(action, "add_server");
    equal([parameters["upstream"], parameters["port"], parameters["backup"]], ["beta1", "80", "true"]);
    equal(readPublished('{"action":"remove_upstream","upstream":"u"}', noPause).id, "");
    equal(readPublished('{"action":"remove_upstream","upstream":"u"}', noPause).subject, "remove_upstream u");
    equal(readPublished('{"action":"nonsense","upstream":["u"]}', noPause).subject, "nonsense ");
    equal(readPublished("nonsense", noPause).subject, "");
    equal(readPublished('{"id":12345678901234567890,"action":"remove_upstream"}', noPause).id, "12345678901234567890");
  });

  const refusals: readonly (readonly [text: string, id: string, code: number, words: string])[] = [
    ["", "", 50102, "the text ends"],
    ["hello", "", 50102, "postData is not a json string"],
    ["[1]", "", 50102, "an object with an action"],
    ['{"id":"a"}', "a", 50406, "parameter action"],
    ['{"id":"a","action":"get_status"}', "a", 50501, "action 'get_status': there is no such action; there are: add_peer"],
    ['{"id":"a","action":["add_peer"]}', "a", 50104, "arg action invalid"],
    ['{"id":"a","action":"add_peer","port":{"a":1}}', "a", 50104, "arg port invalid: a text, a number"],
    ['{"id":"a","action":"add_peer","port":null}', "a", 50104, "arg port invalid"],
    ['{"id":{},"action":"add_peer"}', "", 50104, "arg id invalid"],
    [`{"id":"${"x".repeat(129)}","action":"add_peer"}`, "", 50104, "arg id invalid"],
    ['{"id":"a\\nb","action":"add_peer"}', "", 50104, "arg id invalid"],
    ['{"id":"a","action":"__proto__"}', "a", 50501, "no such action"],
  ];
  for (const [text, id, code, words] of refusals) {
    it(`is refused: ${text.slice(0, 60)}`, () => {
      const published = readPublished(text, noPause);
      equal(published.id, id);
      refused(published.asked, code, words);
    });
  }

  it("is answered with its id, the code and the revision", () => {
    equal(printJson(replyAbout("a", success({ detail: "", revision: 12 })), noPause), '{"id":"a","code":200,"desc":"success ","revision":12}');
    const bad = readPublished('{"id":"a"}', noPause).asked;
    equal(bad.ok, false);
    const { code, desc } = errorOf(bad);
    equal(printJson(replyAbout("a", { ok: false, error: { code, desc } }), noPause), `{"id":"a","code":50406,"desc":"${desc}"}`);
  });
});

const channels = commandChannels("ab:test");
const message: Message = { key: channels.claim("a"), id: "a" };

/** What a claim comes to where Redis answers SET, GET, PTTL like this. */
function claim(replies: Reply[], of: Message = message): Claimed {
  const work = claimMessage(of);
  work.next();
  const step = work.next(replies);
  return step.done === true ? valueOf(step.value) : fail("the claim asks more than once");
}

describe("the claim of an instruction", () => {
  it("has the channels' names before it", () => {
    equal([channels.commands, channels.replies, message.key], ["ab:test:dyupsc", "ab:test:dyupsc:replies", "ab:test:dyupsc:claim:a"]);
  });

  it("is one node's, and the others wait until it is done", () => {
    equal(claim(["OK", "running", 30000]), { kind: "ours" });
    equal(claim([nilReply, "running", 20000]), { kind: "running" });
    equal(claim([nilReply, nilReply, -2]), { kind: "running" });
    equal(claim([nilReply, 'done {"id":"a"}', 86399500]), { kind: "done", repeated: false, reply: '{"id":"a"}' });
  });

  it("tells a repetition by the time that has passed", () => {
    equal(claim([nilReply, 'done {"id":"a"}', 86397000]), { kind: "done", repeated: true, reply: '{"id":"a"}' });
    equal(claim([nilReply, 'done {"id":"a"}', errorReply("NOPERM no pttl")]), { kind: "done", repeated: false, reply: '{"id":"a"}' });
    equal(claim([nilReply, "done ", 57000], { key: "k", id: "" }), { kind: "done", repeated: false, reply: "" });
  });

  it("fails where the store refuses it", () => {
    const work = claimMessage(message);
    work.next();
    const step = work.next([errorReply("READONLY You can't write"), nilReply, -2]);
    refused(step.done === true ? step.value : fail("not done"), 40101, "READONLY");
  });

  it("ends with the answer, which only a message with an id asks for", () => {
    equal(doneCommands(channels, message, "{}"), [["SET", message.key, "done {}", "EX", "86400"], ["PUBLISH", channels.replies, "{}"]]);
    equal(doneCommands(channels, { key: "k", id: "" }, "{}"), [["SET", "k", "done ", "EX", "60"]]);
    equal(failedCommands(channels, message, "{}"), [["SET", message.key, "done ", "EX", "2"], ["PUBLISH", channels.replies, "{}"]]);
  });
});

describe("messages without an id", () => {
  it("that say the same are numbered, until none came for a minute", () => {
    const count = messageCounter();
    equal([count("a", 0), count("a", 30), count("b", 31), count("a", 90), count("a", 150.5), count("a", 151)], [1, 2, 1, 3, 1, 2]);
  });
});
