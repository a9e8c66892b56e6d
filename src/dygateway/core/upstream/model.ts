/** One `server` of an upstream, with nginx's parameters and their defaults spelled out. */
export interface Server {
  /** `10.0.0.1:80`, `[2001:db8::1]:80`, `unix:/path` or `name.example:80`: the form that the parser makes. */
  readonly address: string;
  /** Share of the requests, from 1. */
  readonly weight: number;
  /** Failures within `failTimeout` until it is left out; 0: never. */
  readonly maxFails: number;
  /** Seconds: for these failures, and of being left out. */
  readonly failTimeout: number;
  /** Most connections of one worker at a time; 0: no limit. */
  readonly maxConns: number;
  /** Seconds in which the weight of a server that comes back grows from nothing; 0: at once. */
  readonly slowStart: number;
  readonly backup: boolean;
  readonly down: boolean;
  /** Gets no new requests; running ones finish. */
  readonly drain: boolean;
  /** Known, but not in rotation: between `add_server` and `add_peer`, or `remove_peer` and `remove_server`. */
  readonly out: boolean;
}

/** How the next peer is chosen. */
export type Balance =
  | { readonly kind: "round_robin" }
  | { readonly kind: "least_conn" }
  | { readonly kind: "ip_hash" }
  /** `key` is a text with nginx variables: `$remote_addr$uri`. */
  | { readonly kind: "hash"; readonly key: string; readonly consistent: boolean }
  /** `two`: the better of two, by connections. */
  | { readonly kind: "random"; readonly two: boolean };

export interface Keepalive {
  /** Idle connections of a worker; 0: none are kept. */
  readonly connections: number;
  /** Seconds; undefined: nginx's default. */
  readonly timeout: number | undefined;
  readonly requests: number | undefined;
}

/** An active health check of every peer of an upstream. */
export interface HealthCheck {
  readonly type: "http" | "tcp";
  readonly method: string;
  readonly path: string;
  /** The Host header; "" for the upstream's name. */
  readonly host: string;
  /** Status codes that are a success. */
  readonly expect: readonly number[];
  /** What the answer's body must contain, `*` for anything in between; "" for any. */
  readonly body: string;
  /** Seconds. */
  readonly interval: number;
  readonly timeout: number;
  /** Successes, failures in a row until the peer changes sides. */
  readonly rise: number;
  readonly fall: number;
  /** 0: the peer's own. */
  readonly port: number;
  /** What a new peer counts as until it has been checked. */
  readonly initial: "up" | "down";
}

/** Who is in an upstream and how requests are spread over them; immutable. */
export interface Upstream {
  readonly servers: readonly Server[];
  readonly balance: Balance;
  /** Undefined: the body did not say; an edit keeps what was, a new upstream gets the node's default. */
  readonly keepalive: Keepalive | undefined;
  /** Undefined: none, or the body did not say. */
  readonly check: HealthCheck | undefined;
}

/** What a body says. An upstream that stays is given its check anew, unless the body says that it has none. */
export interface UpstreamDraft extends Upstream {
  /** Set by `no_check;`, and only there: a body that says nothing about a check lets an edit keep what was. */
  readonly noCheck?: true;
}

/** An upstream by its name. */
export interface NamedUpstream {
  readonly name: string;
  readonly upstream: Upstream;
}

export const serverDefaults: Omit<Server, "address"> = {
  weight: 1,
  maxFails: 1,
  failTimeout: 10,
  maxConns: 0,
  slowStart: 0,
  backup: false,
  down: false,
  drain: false,
  out: false,
};

export const checkDefaults: HealthCheck = {
  type: "http",
  method: "GET",
  path: "/",
  host: "",
  expect: [200, 204],
  body: "",
  interval: 5,
  timeout: 2,
  rise: 2,
  fall: 3,
  port: 0,
  initial: "up",
};
