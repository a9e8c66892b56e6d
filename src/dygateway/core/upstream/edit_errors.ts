import { errorInfo, errorOf } from "../errors.ts";
import type { GatewayError } from "../errors.ts";

export const upstreamsNotSetUp = (): GatewayError =>
  errorOf(
    errorInfo.DOACTION_ERROR,
    "dyupsc: dynamic upstreams are not set up on this gateway; see dynamic_upstreams in dygateway.yaml",
  );

export const upstreamUnknown = (name: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    `arg upstream invalid: there is no upstream '${name}', neither in Redis nor in this node's upstream.conf`,
  );

export const upstreamClash = (name: string, other: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    `arg upstream invalid: '${name}' differs from '${other}' only in case, and nginx takes both for one`,
  );

/** A definition in the store, or in upstream.conf, that nothing can be changed about as it cannot be read. */
export const upstreamBroken = (name: string, reason: string): GatewayError =>
  errorOf(errorInfo.POLICY_DB_ERROR, `upstream '${name}': ${reason}; add_upstream replaces it whole`);

export const serverNotDefined = (upstream: string, address: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    `arg ip, port invalid: ${address} is no server of upstream '${upstream}'; add_server defines it`,
  );

export const peerUnknown = (upstream: string, peer: string, known: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `arg id, ip, port invalid: upstream '${upstream}' has no peer ${peer}; ${known}`);

export const lastServer = (upstream: string, address: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_ERROR,
    `${address}: it is the last server of upstream '${upstream}'; remove_upstream removes the upstream itself`,
  );

export const onlyBackupsLeft = (upstream: string, address: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_ERROR,
    `${address}: without it upstream '${upstream}' has backup servers only; add a primary one first`,
  );

/** @param uses who uses it: policies and hostnames, in words. @param policyIds the predecessor's clients read them here. */
export const upstreamBusy = (policyIds: string, upstream: string, uses: string): GatewayError =>
  errorOf(
    errorInfo.POLICY_BUSY_ERROR,
    `${policyIds}: upstream '${upstream}' is in use by ${uses}; force=1 removes it all the same`,
  );

export const lastPeerBusy = (policyIds: string, upstream: string, uses: string): GatewayError =>
  errorOf(
    errorInfo.POLICY_BUSY_ERROR,
    `${policyIds}: this leaves upstream '${upstream}' without a usable peer, and it is in use by ${uses}; ` +
      "force=1 does it all the same",
  );

/** An error about a stored policy, where it is not clear which. */
export function ofPolicy(id: string, error: GatewayError): GatewayError {
  return { code: error.code, desc: `policy ${id}: ${error.desc}` };
}

/** @param names of upstreams, quoted. */
export const divertedNowhere = (names: string): GatewayError =>
  errorOf(
    errorInfo.POLICY_INVALID_ERROR,
    `upstream ${names}: there is none of that name, neither in Redis nor in this node's upstream.conf, and it is no ` +
      "address with a port; force=1 takes it all the same",
  );

/** An error about one of several upstreams. */
export function ofUpstream(name: string, error: GatewayError): GatewayError {
  return { code: error.code, desc: `upstream '${name}': ${error.desc}` };
}
