import { upstreamStatus } from "../../src/dygateway/core/admin/upstream_status.ts";
import type { PeerNumbers, WorkerAnswer, WorkerUpstream } from "../../src/dygateway/core/admin/upstream_status.ts";
import { printJson } from "../../src/dygateway/core/json/print.ts";
import { lookup } from "../../src/dygateway/core/lookup.ts";
import { noPause } from "../../src/dygateway/core/result.ts";
import type { PeerHealth } from "../../src/dygateway/core/upstream/health.ts";
import { contains, equal } from "../support/assert.ts";

const noHealth = lookup<PeerHealth>();

function peer(address: string, requests: number, failures: number, conns: number): PeerNumbers {
  return { address, server: address, backup: false, requests, failures, conns, fails: 0, open: true };
}

function served(digest: string, panics: number, ...peers: readonly PeerNumbers[]): WorkerUpstream {
  return { digest, panics, peers };
}

/** Workers 0, 1 and so on, by what each says of the upstream `u`; undefined where it has none of that name. */
function workers(...said: readonly (WorkerUpstream | string)[]): WorkerAnswer[] {
  return said.map((own, id) => {
    const upstreams = lookup<WorkerUpstream>();
    if (typeof own !== "string") {
      upstreams["u"] = own;
    }
    return { id, pid: 100 + id, revision: 7, upstreams };
  });
}

function statusOf(answers: readonly WorkerAnswer[], health = noHealth): string {
  return printJson(upstreamStatus("u", "redis", answers, health), noPause);
}

describe("whether a node's workers agree", () => {
  const one = served("a", 0, peer("10.0.0.1:80", 1, 0, 0));
  const other = served("b", 0, peer("10.0.0.1:80", 1, 0, 0));
  const cases: readonly (readonly [what: string, said: readonly (WorkerUpstream | string)[], agreed: string])[] = [
    ["all have the same", [one, one, one], "true"],
    ["one is alone", [one], "true"],
    ["the first has another definition", [other, one, one], "false"],
    ["the last has another definition", [one, one, other], "false"],
    ["the first lacks it", ["nothing", one, one], "false"],
    ["the last lacks it", [one, one, "nothing"], "false"],
    ["nobody serves it: nginx does", ["nothing", "nothing"], "null"],
    ["nobody answers", [], "null"],
  ];
  for (const [what, said, agreed] of cases) {
    it(what, () => {
      contains(statusOf(workers(...said)), `"agreed":${agreed},`);
    });
  }
});

describe("an upstream's numbers", () => {
  it("are the sums of all workers, with what each of them says, peer by peer", () => {
    const answers = workers(
      served("a", 2, peer("10.0.0.1:80", 10, 1, 3), peer("10.0.0.2:80", 5, 0, 0)),
      served("a", 0, peer("10.0.0.1:80", 20, 2, 4), peer("10.0.0.2:80", 6, 1, 1)),
      served("a", 5, peer("10.0.0.1:80", 30, 4, 5)),
    );
    const workerText = (id: number, requests: number, failures: number, conns: number): string =>
      `{"id":${id},"requests":${requests},"failures":${failures},"conns":${conns},"fails":0,"open":true}`;
    equal(
      statusOf(answers),
      '{"source":"redis","agreed":true,"panics":7,"peers":[' +
        '{"name":"10.0.0.1:80","server":"10.0.0.1:80","backup":false,"requests":60,"failures":7,"conns":12,' +
        `"workers":[${workerText(0, 10, 1, 3)},${workerText(1, 20, 2, 4)},${workerText(2, 30, 4, 5)}]},` +
        '{"name":"10.0.0.2:80","server":"10.0.0.2:80","backup":false,"requests":11,"failures":1,"conns":1,' +
        `"workers":[${workerText(0, 5, 0, 0)},${workerText(1, 6, 1, 1)}]}]}`,
    );
  });

  it("have a peer's health beside them", () => {
    const health = lookup<PeerHealth>();
    health["10.0.0.1:80"] = { up: false, since: 1000.7, against: 0, checked: 0, reason: "status 500" };
    contains(
      statusOf(workers(served("a", 0, peer("10.0.0.1:80", 0, 0, 0))), health),
      '"health":{"up":false,"since":1000,"checked":null,"reason":"status 500"}',
    );
  });
});
