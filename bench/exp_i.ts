import { findNginx } from "../src/node/render/nginx_binary.ts";
import { paced } from "./load/pace.ts";
import { startLoad } from "./load/wrk.ts";
import { population } from "./population.ts";
import { Edits, laneEdits } from "./sections/upstream_edits.ts";
import { startPeers } from "./stand/backend.ts";
import { copyFileSync } from "node:fs";
import { prepareGateway } from "./stand/gateway.ts";
import { memoryOf } from "./stand/process_facts.ts";
import { startRedis } from "./stand/redis.ts";
import { Stand } from "./stand/stand.ts";

const stand = new Stand();
try {
  const found = findNginx({}, process.env);
  if (!found.ok) throw new Error("no nginx");
  const redis = await startRedis(stand, false);
  const site = { stand, nginx: found.nginx.path, prefix: stand.install(), redisSocket: redis.socket, backends: { stable: 9, beta1: 9 } };
  const peers = await startPeers(stand, site.nginx, undefined, "peers", { stable: 11 });
  const gateway = await prepareGateway(site, { name: "exp", workers: 2, hostkey: "x", probe: "stalls" });
  copyFileSync("/tmp/exp_i/probe.lua", `${site.prefix}/bench_probe.lua`);
  await gateway.launch();
  await gateway.ready();
  const addresses = peers.servers("stable", 10);
  await gateway.upstreamsDone("add_upstream", { upstream: "stable" }, addresses.map((a) => `server ${a};`).join(" "));
  const people = population(0.01);
  const traffic = process.argv[2] === "traffic";
  const mode = process.argv[3] ?? "all";
  const running = traffic ? startLoad({ port: gateway.port, people, connections: Number(process.argv[4] ?? 16), delayMs: 8, seed: 3, users: 20_000, cpu: undefined }) : undefined;
  const edits = new Edits(gateway, "stable");
  let offset = 0;
  for (let round = 0; round < 4; round++) {
    const pids = gateway.workerPids();
    const seen = await gateway.probe?.command("collect", pids);
    const { workers } = await gateway.status();
    console.log(round, pids.map((pid) => `${workers.find((w) => w.pid === pid)?.leader === true ? "leader" : "other"} kept ${((seen?.get(pid)?.["lua_kept"] ?? 0) / 1e6).toFixed(2)} traces ${seen?.get(pid)?.["traces"]} own ${((memoryOf(pid)?.anonymous ?? 0) / 1e6).toFixed(1)}`).join("; "), edits.tally.times.length, edits.tally.failed);
    await Promise.all(Array.from({ length: 10 }, (_, lane) => paced(100, 15, (number) => {
      if (mode === "reads") return gateway.upstreamsDone("get_upstreams", {}).then(() => undefined);
      return edits.make(laneEdits(addresses, mode === "weights" ? 5 : lane, number + offset));
    })));
    offset += 100;
  }
  running?.stop();
  await running?.result;
  {
    const pids = gateway.workerPids();
    for (const verb of ["collect", "flush", "collect"] as const) {
      const seen = await gateway.probe?.command(verb as "collect", pids);
      console.log(verb, pids.map((pid) => `kept ${((seen?.get(pid)?.["lua_kept"] ?? 0) / 1e6).toFixed(2)} traces ${seen?.get(pid)?.["traces"]} own ${((memoryOf(pid)?.anonymous ?? 0) / 1e6).toFixed(1)}`).join("; "));
    }
  }
  console.log(gateway.logEnd());
} finally {
  await stand.stop();
}
