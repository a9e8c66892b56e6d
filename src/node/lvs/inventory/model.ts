/**
 * A cluster of load balancers with everything spelled out: no field is optional because it has a default, lists stand
 * in one order whatever order they were written in. It is what renderers and the service read; what is written and
 * stored is the shorter `ClusterDocument` of schema.ts. A `Cluster` exists only of a document that passed every check.
 */
export interface Cluster {
  /** The key of everything; letters, digits, `_`, `.`, `-`. */
  readonly name: string;
  /** `extra` faces the internet: its load balancers have an external address as well. */
  readonly type: ClusterType;
  /** The network device of the load balancers that local addresses are put on. */
  readonly device: string;
  readonly dialect: Dialect;
  readonly lbKind: LbKind;
  readonly scheduler: string;
  readonly ospf: Ospf;
  /** CIDR, ascending by address; every VIP is inside one of them. */
  readonly vipnets: readonly string[];
  /** Ascending by hostname. */
  readonly lbs: readonly LoadBalancer[];
  /** Ascending by address (as numbers). */
  readonly vips: readonly Vip[];
}

export const clusterTypes = ["extra", "internal"] as const;
export type ClusterType = (typeof clusterTypes)[number];

/** Whose keepalived the load balancers run: 2.x, LVS FULLNAT's 1.2.2, DPVS' own. */
export const dialects = ["mainline", "alibaba", "dpvs"] as const;
export type Dialect = (typeof dialects)[number];

export const lbKinds = ["DR", "NAT", "TUN", "FNAT"] as const;
export type LbKind = (typeof lbKinds)[number];

export interface Ospf {
  /** Dotted, as `0.0.0.0`. */
  readonly area: string;
  /** The device of the uplink, where OSPF is spoken; the cluster's `device` unless set. */
  readonly device: string;
  /** Seconds. */
  readonly hello: number;
  /** Seconds; more than `hello`. */
  readonly dead: number;
  readonly cost: number;
  /** The number of the md5 key on the link. */
  readonly keyId: number;
  /**
   * Where the md5 key is to be read from when files are rendered; undefined: no authentication. The key itself is in
   * no model, no store, no log: `readOspfKey` of lvs/store reads it.
   */
  readonly keyFrom: KeySource | undefined;
}

export type KeySource =
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string };

/** An address of a load balancer with its subnet. */
export interface Attachment {
  readonly address: string;
  /** Dotted. */
  readonly netmask: string;
  /** The netmask's bits, as in `/27`. */
  readonly prefix: number;
  /** The subnet in CIDR, without host bits. */
  readonly network: string;
  readonly gateway: string;
}

export interface LoadBalancer {
  readonly hostname: string;
  /** One of its own addresses; no other load balancer of any cluster has it. */
  readonly routerId: string;
  readonly internal: Attachment;
  /** There if and only if the cluster is `extra`. */
  readonly extra: Attachment | undefined;
  /** The subnet of the uplink (CIDR): that of `extra`, in an `internal` cluster that of `internal`. */
  readonly ospfNet: string;
  /** The addresses FNAT talks to real servers from, ascending, without doubles; empty unless `lbKind` is FNAT. */
  readonly localAddresses: readonly string[];
}

export interface Vip {
  readonly address: string;
  /** What the nginx machines behind it are for; registered. */
  readonly wstype: string;
  /** Sum of weights that must be up for the VIP to be announced. */
  readonly quorum: number;
  /** Less than `quorum`. */
  readonly hysteresis: number;
  /** Ascending by name; at least one. */
  readonly realServers: readonly RealServer[];
  /** Ascending by sport; at least one. */
  readonly ports: readonly VipPort[];
}

/** An nginx machine. Names are resolved when files are rendered. */
export interface RealServer {
  /** A host name, or an IPv4 address. */
  readonly name: string;
  /** 0: it gets no new connections. */
  readonly weight: number;
}

export interface VipPort {
  /** The VIP's port. */
  readonly sport: number;
  /** The real servers' port. */
  readonly dport: number;
  readonly synproxy: boolean;
  /** Seconds; 0: connections of one client may go to different real servers. */
  readonly persistenceTimeout: number;
  /** Seconds until an idle session is forgotten; undefined: what the load balancer has built in. */
  readonly establishedTimeout: number | undefined;
  readonly check: HealthCheck;
}

export type HealthCheck = TcpCheck | HttpCheck;

interface CheckTiming {
  /** The port that is asked. */
  readonly port: number;
  /** Seconds between two checks of one real server. */
  readonly interval: number;
  /** Seconds. */
  readonly connectTimeout: number;
  /**
   * Further tries before a real server counts as down, and the seconds between them. Where `tcpRetries` of dialects.ts
   * says that a dialect has none for tcp, both are 0.
   */
  readonly retry: number;
  readonly delayBeforeRetry: number;
}

export interface TcpCheck extends CheckTiming {
  readonly kind: "tcp";
}

export interface HttpCheck extends CheckTiming {
  readonly kind: "http" | "https";
  readonly path: string;
  /** The Host header (keepalived's `virtualhost`); undefined: the real server's address. */
  readonly host: string | undefined;
  readonly expect: HttpExpectation;
}

export type HttpExpectation =
  | { readonly kind: "status"; readonly status: number }
  /** The md5 sum of the body, 32 lower-case hexadecimal digits. */
  | { readonly kind: "digest"; readonly digest: string };
