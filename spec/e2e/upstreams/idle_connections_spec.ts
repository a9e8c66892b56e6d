import { expect, test } from "vitest";
import { KeptConnection } from "../promises/kept_connection.ts";
import { WORKERS } from "../support/cluster.ts";
import { until } from "../support/until.ts";
import { useUpstreamCluster } from "./upstream_cluster.ts";

const upstreams = useUpstreamCluster({ config: { dynamic_upstreams: { keepalive_timeout: "1s" } } });

test("idle connections to a peer that was removed end within keepalive_timeout; those to its neighbour are kept", async () => {
  const [removed, kept] = await upstreams.servers(2);
  const name = await upstreams.set(`server ${removed.address}; server ${kept.address};`);
  const clients = Array.from({ length: WORKERS * 4 }, () => new KeptConnection(upstreams.cluster.port));
  const visitAll = async (): Promise<void> => {
    for (const client of clients) {
      expect((await client.ask(`GET /to/${name}/ HTTP/1.1\r\nHost: any.test\r\n\r\n`)).status).toBe(200);
    }
  };
  await visitAll();
  await visitAll();
  await upstreams.done("remove_peer", { upstream: name, ip: "127.0.0.1", port: removed.address.split(":")[1] ?? "" });
  const [removedOpen, keptOpened] = [removed.open, kept.opened];
  expect(removedOpen).toBeGreaterThan(0);
  expect(removedOpen).toBeLessThanOrEqual(WORKERS);
  await until("nothing is open to the peer that was removed", async () => {
    await visitAll();
    return removed.open === 0;
  }, 4000);
  expect(kept.opened).toBe(keptOpened);
  expect(kept.open).toBe(keptOpened);
  for (const client of clients) {
    client.close();
  }
});
