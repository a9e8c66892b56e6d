import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { clientAddress, isTrusted } from "../core/userinfo/client_address.ts";
import type { RequestFacts } from "../core/userinfo/request_facts.ts";
import { thisNode } from "./node_settings.ts";
import { readNumber, readVariable } from "./variables.ts";

/** Peers seen lately, so that a proxy's address is looked up in the trusted ranges once and not for each request. */
const MAX_PEERS = 4096;
let trustedPeers: Lookup<boolean> = lookup();
let peerCount = 0;

/** @inlined */
function variable(name: string): string | undefined {
  const value = readVariable(name);
  return value === "" ? undefined : value;
}

/** @inlined */
function isPeerTrusted(peer: string): boolean {
  const known = trustedPeers[peer];
  if (known !== undefined) {
    return known;
  }
  if (peerCount >= MAX_PEERS) {
    trustedPeers = lookup();
    peerCount = 0;
  }
  const trusted = isTrusted(thisNode().settings.trustedProxies, peer);
  trustedPeers[peer] = trusted;
  peerCount++;
  return trusted;
}

/** @inlined */
function address(): string | undefined {
  const peer = variable("remote_addr");
  if (peer === undefined || !isPeerTrusted(peer)) {
    return peer;
  }
  const realIp = variable("http_x_real_ip");
  const client = clientAddress(true, peer, realIp, realIp === undefined ? variable("http_x_forwarded_for") : undefined);
  return client;
}

/** The facts of the request that nginx is handling: no state, so one object serves all requests. */
export const requestFacts: RequestFacts = { variable, number: readNumber, clientAddress: address };
