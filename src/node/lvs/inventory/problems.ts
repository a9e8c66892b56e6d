import type { ConfigPath, Problem } from "../../config/problem.ts";
import type { InventoryProblem } from "./problem.ts";

/** Every rule that a cluster can break beyond its schema; one named factory each, and `rule` is the factory's name. */

const atKey = (rule: string, path: ConfigPath, text: string): InventoryProblem => ({ rule, path, at: "key", text });
const atValue = (rule: string, path: ConfigPath, text: string): InventoryProblem => ({ rule, path, at: "value", text });

/** The shape of the document: keys, types, alphabets, bounds; worded like the configuration's. */
export const shapeWrong = (problem: Problem): InventoryProblem => ({ ...problem, rule: "shapeWrong" });

// Dialects.

export const kindUnsupported = (path: ConfigPath, kind: string, dialect: string, kinds: readonly string[]): InventoryProblem =>
  atValue("kindUnsupported", path, `${kind} is not possible with the dialect ${dialect}; possible: ${kinds.join(", ")}`);

export const schedulerUnknown = (path: ConfigPath, scheduler: string, dialect: string, known: readonly string[]): InventoryProblem =>
  atValue("schedulerUnknown", path, `${dialect} has no scheduler ${scheduler}; it has ${known.join(", ")}`);

export const synproxyUnsupported = (path: ConfigPath, dialect: string): InventoryProblem =>
  atValue("synproxyUnsupported", path, `the dialect ${dialect} has no synproxy`);

export const timeoutUnsupported = (path: ConfigPath, dialect: string): InventoryProblem =>
  atKey("timeoutUnsupported", path, `the dialect ${dialect} has no session timeout of a port`);

export const retryUnsupported = (path: ConfigPath, dialect: string): InventoryProblem =>
  atKey("retryUnsupported", path, `the TCP_CHECK of the dialect ${dialect} does not try again`);

export const localUnsupported = (path: ConfigPath, kind: string): InventoryProblem =>
  atKey("localUnsupported", path, `lb_kind ${kind} uses no local addresses; only FNAT does`);

export const portNotTranslated = (path: ConfigPath, sport: number, kind: string): InventoryProblem =>
  atValue("portNotTranslated", path, `must be ${sport} like sport: ${kind} leaves packets as they are`);

// OSPF.

export const deadTooShort = (path: ConfigPath, dead: number, hello: number): InventoryProblem =>
  atValue("deadTooShort", path, `dead (${dead} s) must be more than hello (${hello} s)`);

export const keySourceCount = (path: ConfigPath): InventoryProblem =>
  atValue("keySourceCount", path, "needs either env or file");

export const keyUnreadable = (path: ConfigPath, reason: string): InventoryProblem =>
  atValue("keyUnreadable", path, `the md5 key cannot be read: ${reason}`);

export const keyLength = (path: ConfigPath, length: number): InventoryProblem =>
  atValue("keyLength", path, `the md5 key has ${length} characters, 1 to 16 are possible (FRR cuts a longer one without a word)`);

export const keyAlphabet = (path: ConfigPath): InventoryProblem =>
  atValue("keyAlphabet", path, "the md5 key must be printable ASCII without blanks, quotes and any of \\ | ? # ! (the key is not shown)");

// Networks and addresses.

export const hostBits = (path: ConfigPath, text: string, network: string): InventoryProblem =>
  atValue("hostBits", path, `${text} has bits beyond its mask; the network is ${network}`);

export const networkTooLarge = (path: ConfigPath, text: string, least: number): InventoryProblem =>
  atValue("networkTooLarge", path, `${text} is larger than a /${least}`);

export const notUnicast = (path: ConfigPath, text: string): InventoryProblem =>
  atValue("notUnicast", path, `${text} is no address that a machine can have`);

export const netmaskBroken = (path: ConfigPath, text: string): InventoryProblem =>
  atValue("netmaskBroken", path, `${text} is not contiguous: ones, then zeros`);

export const netmaskUnusable = (path: ConfigPath, text: string): InventoryProblem =>
  atValue("netmaskUnusable", path, `${text} leaves no room for a host and a gateway, or is larger than a /8`);

export const addressNotHost = (path: ConfigPath, text: string, network: string, what: string): InventoryProblem =>
  atValue("addressNotHost", path, `${text} is the ${what} address of ${network}`);

export const gatewayOutside = (path: ConfigPath, text: string, network: string): InventoryProblem =>
  atValue("gatewayOutside", path, `${text} is not in ${network}`);

export const gatewayIsHost = (path: ConfigPath, text: string): InventoryProblem =>
  atValue("gatewayIsHost", path, `${text} is the load balancer itself`);

export const vipnetOverlap = (path: ConfigPath, network: string, other: string, owner: string): InventoryProblem =>
  atValue("vipnetOverlap", path, `${network} overlaps ${other} of ${owner}`);

export const vipnetCovers = (path: ConfigPath, network: string, address: string, owner: string): InventoryProblem =>
  atValue("vipnetCovers", path, `${network} covers ${address}, ${owner}`);

export const addressInVipnet = (path: ConfigPath, address: string, network: string, owner: string): InventoryProblem =>
  atValue("addressInVipnet", path, `${address} is inside the vipnet ${network} of ${owner}`);

export const addressTaken = (path: ConfigPath, address: string, owner: string): InventoryProblem =>
  atValue("addressTaken", path, `${address} is taken by ${owner}`);

// Load balancers.

export const extraMissing = (path: ConfigPath): InventoryProblem =>
  atKey("extraMissing", path, "is missing; a cluster of type extra needs it");

export const extraUnused = (path: ConfigPath): InventoryProblem =>
  atKey("extraUnused", path, "belongs to clusters of type extra only");

export const ospfnetDiffers = (path: ConfigPath, ospfnet: string, subnet: string, which: string): InventoryProblem =>
  atValue("ospfnetDiffers", path, `${ospfnet} is not the ${which} subnet, ${subnet}`);

export const routeridForeign = (path: ConfigPath, routerid: string): InventoryProblem =>
  atValue("routeridForeign", path, `${routerid} is no address of this load balancer`);

export const routeridTaken = (path: ConfigPath, routerid: string, owner: string): InventoryProblem =>
  atValue("routeridTaken", path, `${routerid} is already the routerid of ${owner}`);

export const hostnameTaken = (path: ConfigPath, hostname: string, owner: string): InventoryProblem =>
  atValue("hostnameTaken", path, `${hostname} is already ${owner}`);

export const localNone = (path: ConfigPath, network: string): InventoryProblem =>
  atValue("localNone", path, `no local address is left in ${network}`);

export const localTooMany = (path: ConfigPath, count: number, most: number): InventoryProblem =>
  atValue("localTooMany", path, `${count} local addresses, at most ${most} are possible; name some in local_addresses`);

export const localOutside = (path: ConfigPath, text: string, network: string): InventoryProblem =>
  atValue("localOutside", path, `${text} is not among the hosts of ${network}`);

export const localBackwards = (path: ConfigPath, text: string): InventoryProblem =>
  atValue("localBackwards", path, `${text} does not end at a higher number up to 255`);

// VIPs.

export const vipOutside = (path: ConfigPath, vip: string): InventoryProblem =>
  atValue("vipOutside", path, `${vip} is in none of the vipnets`);

export const vipTaken = (path: ConfigPath, vip: string, owner: string): InventoryProblem =>
  atValue("vipTaken", path, `${vip} is already ${owner}`);

export const wstypeUnknown = (path: ConfigPath, wstype: string, like: string | null): InventoryProblem =>
  atValue("wstypeUnknown", path, `the wstype ${wstype} is not registered${like === null ? "" : `; did you mean "${like}"?`}`);

export const realServerTwice = (path: ConfigPath, name: string): InventoryProblem =>
  atValue("realServerTwice", path, `${name} is already a real server of this VIP`);

export const realServerIsVip = (path: ConfigPath, address: string, network: string): InventoryProblem =>
  atValue("realServerIsVip", path, `${address} is inside the vipnet ${network}: what is sent there would come back`);

export const sportTwice = (path: ConfigPath, sport: number): InventoryProblem =>
  atValue("sportTwice", path, `port ${sport} is already there`);

export const quorumTooHigh = (path: ConfigPath, quorum: number, weights: number): InventoryProblem =>
  atValue("quorumTooHigh", path, `quorum ${quorum} is more than the real servers' weights together, ${weights}`);

export const hysteresisTooHigh = (path: ConfigPath, hysteresis: number, quorum: number): InventoryProblem =>
  atValue("hysteresisTooHigh", path, `hysteresis ${hysteresis} must be less than quorum ${quorum}`);

export const httpOnly = (path: ConfigPath): InventoryProblem =>
  atKey("httpOnly", path, "belongs to checks of type http and https only");

export const expectationTwice = (path: ConfigPath): InventoryProblem =>
  atKey("expectationTwice", path, "cannot be set beside status");

// Warnings.

export const singleLb = (path: ConfigPath): InventoryProblem =>
  atKey("singleLb", path, "there is only one load balancer: nothing takes over when it fails");

export const noLb = (path: ConfigPath): InventoryProblem => atKey("noLb", path, "there is no load balancer yet");
export const noVip = (path: ConfigPath): InventoryProblem => atKey("noVip", path, "there is no VIP yet");

export const noOspfKey = (path: ConfigPath): InventoryProblem =>
  atKey("noOspfKey", path, "OSPF is spoken without a key: whoever is on the uplink can announce routes");

export const clusterUnread = (cluster: string, reason: string): InventoryProblem =>
  atKey("clusterUnread", [], `the stored cluster ${cluster} was not compared: ${reason}`);

// What is stored.

export const storedUnreadable = (reason: string): InventoryProblem =>
  atKey("storedUnreadable", [], `what is stored cannot be read: ${reason}`);

export const nameDiffers = (path: ConfigPath, name: string, key: string): InventoryProblem =>
  atValue("nameDiffers", path, `${JSON.stringify(name)} is stored under the name ${key}`);
