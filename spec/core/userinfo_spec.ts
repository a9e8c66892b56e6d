import { describedRequest } from "../../src/dygateway/core/userinfo/described_request.ts";
import type { DescribedRequest } from "../../src/dygateway/core/userinfo/described_request.ts";
import { parsers } from "../../src/dygateway/core/userinfo/parsers.ts";
import { isRequestName, parseUserinfoSource } from "../../src/dygateway/core/userinfo/source.ts";
import { sortedKeys } from "../../src/dygateway/core/lookup.ts";
import { equal, show } from "../support/assert.ts";
import { emptyRequest, request } from "./support/requests.ts";
import { refused, valueOf } from "./support/results.ts";

const full = request(
  ["http_x_uid", "30", "http_x_device_id", "d1", "cookie_uid", "31", "arg_uid", "32", "arg_city", "BJ", "uri", "/a"],
  "1.2.3.4",
);

const sources: readonly (readonly [text: string, userinfo: string])[] = [
  ["header:X-Uid", "30"],
  ["header:x-uid", "30"],
  ["header:X_Uid", "30"],
  ["header:X-Device-Id", "d1"],
  ["cookie:uid", "31"],
  ["arg:uid", "32"],
  ["arg:city", "BJ"],
  ["uri", "/a"],
  ["ip", "1.2.3.4"],
];

const noSources: readonly string[] = [
  "", "header", "header:", "Header:X-Uid", "headers:X-Uid", "uid", "uri:x", "ip:", "URI", " ip", "cookie:", "arg: uid",
  "header:X Uid", "header:X-Uid\n", "header:X:Uid", "cookie:a=b", "cookie:a;b", "arg:a&b", "arg:a$b", "arg:é",
  "header:\u212a", `header:${"a".repeat(129)}`,
];

describe("a userinfo source", () => {
  for (const [text, userinfo] of sources) {
    it(`${text} reads the request`, () => {
      const source = valueOf(parseUserinfoSource(text));
      equal(source.text, text);
      equal(source.read(full), userinfo);
      equal(source.read(emptyRequest), undefined);
    });
  }

  for (const text of noSources) {
    it(`${show(text.slice(0, 20))} is refused`, () => {
      refused(parseUserinfoSource(text), 50201, "userinfo: '");
    });
  }

  it("may have names of up to 128 letters, digits and - _ .", () => {
    for (const name of ["a", "X-Uid", "a.b_c-9", "Z".repeat(128)]) {
      equal(isRequestName(name), true, name);
    }
    for (const name of ["", "a b", "a/b", "a:b", "a\u0000", "é", "a".repeat(129)]) {
      equal(isRequestName(name), false, name);
    }
  });
});

describe("the parsers of stored runtimes", () => {
  it("read what they always did", () => {
    equal(sortedKeys(parsers), ["cityParser", "ipParser", "requestParser", "uidParser", "urlParser"]);
    const read = (parser: string): string | undefined => parsers[parser]?.read(full);
    equal([read("ipParser"), read("uidParser"), read("cityParser"), read("urlParser")], ["1.2.3.4", "30", "BJ", "/a"]);
  });

  it("find nothing in a request without", () => {
    for (const parser of ["ipParser", "uidParser", "cityParser", "urlParser"]) {
      equal(parsers[parser]?.read(emptyRequest), undefined, parser);
    }
  });

  it("never keep a type that reads the request itself from being asked", () => {
    equal(parsers["requestParser"]?.read(emptyRequest), "");
  });
});

const nothing: DescribedRequest = { headers: [], cookies: [], args: [] };

describe("a described request", () => {
  it("has the facts that a real one has", () => {
    const facts = valueOf(
      describedRequest({
        uid: "30",
        ip: "1.2.3.4",
        city: "BJ",
        uri: "/a",
        headers: ["X-Env: gray", "Accept:a:b"],
        cookies: ["group=b=c"],
        args: ["channel=%E5%86%85"],
      }),
    );
    const names = ["http_x_uid", "arg_city", "uri", "http_x_env", "http_accept", "cookie_group", "arg_channel"];
    equal(
      names.map((name) => facts.variable(name) ?? "(none)"),
      ["30", "BJ", "/a", "gray", "a:b", "b=c", "%E5%86%85"],
    );
    equal(facts.clientAddress(), "1.2.3.4");
  });

  it("has nothing that it was not told, and takes empty for none", () => {
    const told = { ...nothing, uid: "", ip: "", city: "", uri: "", headers: ["X-Env:"], cookies: ["a="], args: ["a="] };
    for (const described of [nothing, told]) {
      const facts = valueOf(describedRequest(described));
      equal(facts.clientAddress(), undefined);
      for (const name of ["http_x_uid", "arg_city", "uri", "http_x_env", "cookie_a", "arg_a", "constructor"]) {
        equal(facts.variable(name), undefined, name);
      }
    }
  });

  it("lets a later word stand for an earlier one", () => {
    const facts = valueOf(describedRequest({ ...nothing, uid: "1", headers: ["X-Uid:2"] }));
    equal(facts.variable("http_x_uid"), "2");
  });

  it("is refused where a word is no pair", () => {
    refused(describedRequest({ ...nothing, headers: ["X-Env=gray"] }), 50104, "header invalid: 'X-Env=gray'");
    refused(describedRequest({ ...nothing, headers: [":gray"] }), 50104, "header invalid");
    refused(describedRequest({ ...nothing, cookies: ["group"] }), 50104, "cookie invalid: 'group'");
    refused(describedRequest({ ...nothing, args: ["=b"] }), 50104, "arg invalid: '=b'");
  });

  it("finds a cookie and an argument in any case, as nginx does", () => {
    const facts = valueOf(describedRequest({ ...nothing, cookies: ["Group=b"], args: ["UID=7"] }));
    equal(valueOf(parseUserinfoSource("cookie:group")).read(facts), "b");
    equal(valueOf(parseUserinfoSource("arg:uid")).read(facts), "7");
  });
});
