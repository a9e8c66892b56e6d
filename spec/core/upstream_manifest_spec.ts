import { printJson } from "../../src/dygateway/core/json/print.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import { describeUpstream, upstreamManifestJson } from "../../src/dygateway/core/store/upstream_manifest.ts";
import { contains, equal } from "../support/assert.ts";

describe("what the store holds of an upstream", () => {
  it("is handed on in the printer's form, so that spelling makes no difference", () => {
    const expected = { name: "beta1", body: "server 10.0.0.1:80 weight=2;" };
    equal(describeUpstream("beta1", "server 10.0.0.1:80 weight=2;", undefined, noPause), expected);
    equal(describeUpstream("beta1", "  server   10.0.0.1 weight=2 ;", "server 10.0.0.9:80;", noPause), expected);
  });

  it("may be a tombstone", () => {
    equal(describeUpstream("beta1", "removed;", "server 10.0.0.1:80;", noPause), { name: "beta1", removed: true });
  });

  it("leaves in force what was, where it cannot be read, and says why", () => {
    const { name, body, problem } = describeUpstream("beta1", "server 10.0.0.1:80 weight=0;", "server 10.0.0.9:80;", noPause);
    equal([name, body], ["beta1", "server 10.0.0.9:80;"]);
    contains(problem ?? "", "weight");
  });

  it("puts nothing in force, where it cannot be read and nothing was", () => {
    for (const stored of ["", "server", "include /etc/passwd;", "{\"servers\":[]}", "removed", "server 10.0.0.1:80; }"]) {
      const { body, removed, problem } = describeUpstream("beta1", stored, undefined, noPause);
      equal([body === undefined, removed === undefined, problem !== undefined], [true, true, true], stored);
    }
  });

  it("is nobody's under a name that an upstream cannot have", () => {
    for (const name of ["dygateway_balancer", "a b", "a:80", "", "a/b"]) {
      const { body, problem } = describeUpstream(name, "server 10.0.0.1:80;", undefined, noPause);
      equal([body === undefined, problem !== undefined], [true, true], name);
    }
  });

  it("is written in one way only", () => {
    const text = printJson(upstreamManifestJson({ problem: "why", body: "server 10.0.0.1:80;", name: "a" }), noPause);
    equal(text, '{"name":"a","body":"server 10.0.0.1:80;","problem":"why"}');
    equal(printJson(upstreamManifestJson({ removed: true, name: "a" }), noPause), '{"name":"a","removed":true}');
  });
});
