import type { Cluster, HealthCheck, Vip, VipPort } from "../inventory/model.ts";
import { dialectWords, type DialectWords } from "./dialect.ts";
import { addressOf, type Pinned } from "./pinned.ts";
import { addressToken, digestToken, keywordToken, nameToken, numberToken, urlPathToken, type Token } from "./token.ts";

export const localAddressGroup = "dygateway" as Token;

/** What a file of one VIP shows: a virtual server for each port, the real servers in each. */
export function vipView(cluster: Cluster, vip: Vip, pinned: Pinned, hook: Token): object {
  const words = dialectWords[cluster.dialect];
  return {
    address: addressToken(vip.address),
    wstype: nameToken(vip.wstype),
    scheduler: keywordToken(cluster.scheduler),
    lbKind: keywordToken(cluster.lbKind),
    quorum: numberToken(vip.quorum),
    hysteresis: numberToken(vip.hysteresis),
    hook: words.vipBy === "hook" ? hook : null,
    localAddressGroup: cluster.lbKind === "FNAT" ? localAddressGroup : null,
    ports: vip.ports.map((port) => portView(port, words)),
    realServers: vip.realServers.map(({ name, weight }) => ({
      name: nameToken(name),
      address: addressToken(addressOf(pinned, name)),
      weight: numberToken(weight),
    })),
  };
}

function portView(port: VipPort, words: DialectWords): object {
  const { establishedTimeout, persistenceTimeout } = port;
  return {
    sport: numberToken(port.sport),
    dport: numberToken(port.dport),
    delayLoop: numberToken(port.check.interval),
    persistenceTimeout: persistenceTimeout === 0 ? null : numberToken(persistenceTimeout),
    establishedTimeout:
      establishedTimeout === undefined ? null : `${words.establishedTimeout} ${numberToken(establishedTimeout)}`,
    synproxy: port.synproxy,
    check: checkView(port.check, words),
  };
}

function checkView(check: HealthCheck, words: DialectWords): object {
  const retries =
    check.kind === "tcp" && !words.tcpRetries
      ? []
      : [
          `${check.kind === "tcp" ? "retry" : words.httpRetry} ${numberToken(check.retry)}`,
          `delay_before_retry ${numberToken(check.delayBeforeRetry)}`,
        ];
  const settings = [`connect_port ${numberToken(check.port)}`, `connect_timeout ${numberToken(check.connectTimeout)}`, ...retries];
  if (check.kind === "tcp") return { keyword: "TCP_CHECK", url: null, settings };
  const { expect, host } = check;
  return {
    keyword: check.kind === "http" ? "HTTP_GET" : "SSL_GET",
    url: {
      path: urlPathToken(check.path),
      expect:
        expect.kind === "status" ? `status_code ${numberToken(expect.status)}` : `digest ${digestToken(expect.digest)}`,
    },
    settings: host === undefined ? settings : [`virtualhost ${nameToken(host)}`, ...settings],
  };
}
