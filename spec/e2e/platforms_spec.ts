import { describe, expect, test } from "vitest";
import { useCluster } from "./support/cluster.ts";
import { nginxAt } from "./support/gateway.ts";
import { until } from "./support/until.ts";

/** Debian's nginx with its Lua module, and OpenResty: the other tests run on one of them, this on each that is there. */
const installed = ["/usr/sbin/nginx", "/usr/local/openresty/nginx/sbin/nginx", "/usr/bin/openresty"].filter(
  (path) => nginxAt(path) !== undefined,
);

describe.each(installed)("%s", (nginx) => {
  const cluster = useCluster({ nginx });
  const host = "api.weibo.cn";

  test("diverts, follows changes, reloads, and starts from its snapshot", async () => {
    await cluster.divert(
      host,
      { divtype: "uidsuffix", divdata: [{ suffix: 1, upstream: "beta1" }] },
      { divtype: "uidappoint", userinfo: "cookie:uid", divdata: [{ uidset: ["9007199254740993"], upstream: "beta2" }] },
      { divtype: "iprange", divdata: [{ range: "2001:db8::/32", upstream: "beta3" }] },
      { divtype: "percent", userinfo: "arg:u", divdata: [{ percent: 100, upstream: "beta4" }] },
    );
    const answers = async (): Promise<string[]> => [
      await cluster.ask(host, { headers: { "X-Uid": "21" } }),
      await cluster.ask(host, { headers: { Cookie: "uid=9007199254740993" } }),
      await cluster.ask(host, { headers: { "X-Real-IP": "2001:db8::1" } }),
      await cluster.ask(host, { path: "/?u=x" }),
      await cluster.ask(host),
    ];
    const expected = ["beta1", "beta2", "beta3", "beta4", "stable"];
    expect(await answers()).toEqual(expected);
    await until("the snapshot is written", async () => {
      const { data } = await cluster.done("status");
      return data.snapshot.current === true;
    });
    cluster.gateway.reload();
    expect(await answers()).toEqual(expected);
    await cluster.redis.kill();
    await cluster.restart(false);
    expect(await answers()).toEqual(expected);
  });
});
