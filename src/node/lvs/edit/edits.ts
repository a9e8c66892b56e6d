import { failure, success, type Result } from "../../../dygateway/core/result.ts";
import { realServerOf } from "../inventory/defaults.ts";
import { addressPattern } from "../inventory/ipv4.ts";
import type { ClusterDocument, LbDocument, PortDocument, RealServerDocument, VipDocument } from "../inventory/schema.ts";
import { fieldUnknown, itemExists, itemUnknown, nameFixed } from "./problems.ts";

/**
 * A change of one cluster's document: gives the new one, leaves the old one as it is. It refuses what the document
 * does not have or has already; whether the outcome is valid is for the inventory's checks.
 */
export type Edit = (document: ClusterDocument) => Result<ClusterDocument>;

interface Part {
  /** As messages name it. */
  readonly kind: string;
  readonly one: string;
}

const vipPart: Part = { kind: "VIP", one: "a VIP" };
const lbPart: Part = { kind: "load balancer", one: "a load balancer" };
const serverPart: Part = { kind: "real server", one: "a real server" };
const portPart: Part = { kind: "port", one: "a port" };

function added<T>(items: readonly T[], more: readonly T[], keyOf: (item: T) => string | number, part: Part): Result<T[]> {
  const keys = new Set(items.map(keyOf));
  const double = more.find((item) => keys.has(keyOf(item)));
  return double === undefined ? success([...items, ...more]) : failure(itemExists(`${part.one} ${keyOf(double)}`));
}

/** All of the keys are taken away, or none where one of them is not there. */
function without<T>(items: readonly T[], keys: readonly (string | number)[], keyOf: (item: T) => string | number, part: Part): Result<T[]> {
  const there = new Set(items.map(keyOf));
  const missing = keys.find((key) => !there.has(key));
  if (missing !== undefined) return failure(itemUnknown(`${part.kind} ${missing}`));
  const gone = new Set(keys);
  return success(items.filter((item) => !gone.has(keyOf(item))));
}

const serverKey = (server: RealServerDocument): string => realServerOf(server).name?.toLowerCase() ?? "";
const portKey = (port: PortDocument): number => port.sport;
const vipKey = (vip: VipDocument): string => vip.vip;
const lbKey = (lb: LbDocument): string => lb.hostname.toLowerCase();
const lowerCase = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());

const withVips = (document: ClusterDocument, vips: Result<VipDocument[]>): Result<ClusterDocument> =>
  vips.ok ? success({ ...document, vip2ws: vips.value }) : vips;

const withLbs = (document: ClusterDocument, lbs: Result<LbDocument[]>): Result<ClusterDocument> =>
  lbs.ok ? success({ ...document, lbinfos: lbs.value }) : lbs;

export const addVips = (vips: readonly VipDocument[]): Edit => (document) =>
  withVips(document, added(document.vip2ws, vips, vipKey, vipPart));

/** @param addresses neighbours or not: all of them go. */
export const deleteVips = (addresses: readonly string[]): Edit => (document) =>
  withVips(document, without(document.vip2ws, addresses, vipKey, vipPart));

export const addLbs = (lbs: readonly LbDocument[]): Edit => (document) =>
  withLbs(document, added(document.lbinfos, lbs, lbKey, lbPart));

export const deleteLbs = (hostnames: readonly string[]): Edit => (document) =>
  withLbs(document, without(document.lbinfos, lowerCase(hostnames), lbKey, lbPart));

/** An edit of the one VIP with that address. */
function ofVip(address: string, edit: (vip: VipDocument) => Result<VipDocument>): Edit {
  return (document) => {
    const vip = document.vip2ws.find((one) => one.vip === address);
    if (vip === undefined) return failure(itemUnknown(`VIP ${addressPattern.test(address) ? address : JSON.stringify(address)}`));
    const edited = edit(vip);
    if (!edited.ok) return edited;
    return success({ ...document, vip2ws: document.vip2ws.map((one) => (one === vip ? edited.value : one)) });
  };
}

export const addRealServers = (vip: string, servers: readonly RealServerDocument[]): Edit =>
  ofVip(vip, (found) => {
    const wss = added(found.wss, servers, serverKey, serverPart);
    return wss.ok ? success({ ...found, wss: wss.value }) : wss;
  });

export const deleteRealServers = (vip: string, names: readonly string[]): Edit =>
  ofVip(vip, (found) => {
    const wss = without(found.wss, lowerCase(names), serverKey, serverPart);
    return wss.ok ? success({ ...found, wss: wss.value }) : wss;
  });

export const addPorts = (vip: string, ports: readonly PortDocument[]): Edit =>
  ofVip(vip, (found) => {
    const all = added(found.ports, ports, portKey, portPart);
    return all.ok ? success({ ...found, ports: all.value }) : all;
  });

export const deletePorts = (vip: string, sports: readonly number[]): Edit =>
  ofVip(vip, (found) => {
    const rest = without(found.ports, sports, portKey, portPart);
    return rest.ok ? success({ ...found, ports: rest.value }) : rest;
  });

/** Fields to set; null takes an optional one away. Unknown names and wrong values are refused by the schema. */
export type Changes = Readonly<Record<string, unknown>>;

function changed<T extends object>(item: T, changes: Changes): T {
  const merged = { ...item, ...changes };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as T;
}

/** @param changes sport may be among them: the port then moves. A `check` replaces the one before. */
export const modifyPort = (vip: string, sport: number, changes: Changes): Edit =>
  ofVip(vip, (found) => {
    const port = found.ports.find((one) => one.sport === sport);
    if (port === undefined) return failure(itemUnknown(`port ${sport} of VIP ${vip}`));
    return success({ ...found, ports: found.ports.map((one) => (one === port ? changed(port, changes) : one)) });
  });

const vipFields = ["wstype", "quorum", "hysteresis"];

/** Sets wstype, quorum, hysteresis of a VIP. */
export function modifyVip(vip: string, changes: Changes): Edit {
  const unknown = Object.keys(changes).find((field) => !vipFields.includes(field));
  if (unknown !== undefined) return () => failure(fieldUnknown(unknown, vipFields));
  return ofVip(vip, (found) => success(changed(found, changes)));
}

export const changeWstype = (vip: string, wstype: string): Edit => modifyVip(vip, { wstype });

/** The fields of a cluster that are no lists with operations of their own. */
export const clusterFields = ["type", "device", "vipnets", "dialect", "lb_kind", "scheduler", "ospf"] as const;

/** Sets fields of the cluster itself. */
export function setFields(changes: Changes): Edit {
  const unknown = Object.keys(changes).find((field) => !(clusterFields as readonly string[]).includes(field));
  if (unknown !== undefined) return () => failure(fieldUnknown(unknown, clusterFields));
  return (document) => success(changed(document, changes));
}

/** Puts a whole document in the place of the one before. */
export const replaceWith = (next: ClusterDocument): Edit => (document) =>
  next.name === document.name ? success(next) : failure(nameFixed(document.name, next.name));
