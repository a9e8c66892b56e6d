import type { Dialect, LbKind } from "./model.ts";

/** What each keepalived can do; a document that asks for more is refused. */
export interface DialectFacts {
  readonly lbKinds: readonly LbKind[];
  /** The kind of a document that names none. */
  readonly defaultKind: LbKind;
  readonly schedulers: readonly string[];
  readonly synproxy: boolean;
  /** Can a port have a session timeout of its own? */
  readonly establishedTimeout: boolean;
  /** Does TCP_CHECK know `retry` and `delay_before_retry`? */
  readonly tcpRetries: boolean;
}

export const dialectFacts: Readonly<Record<Dialect, DialectFacts>> = {
  mainline: {
    lbKinds: ["DR", "NAT", "TUN"],
    defaultKind: "DR",
    schedulers: ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq"],
    synproxy: false,
    establishedTimeout: false,
    tcpRetries: true,
  },
  alibaba: {
    lbKinds: ["DR", "NAT", "TUN", "FNAT"],
    defaultKind: "FNAT",
    schedulers: ["rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq"],
    synproxy: true,
    establishedTimeout: true,
    tcpRetries: false,
  },
  dpvs: {
    lbKinds: ["DR", "NAT", "TUN", "FNAT"],
    defaultKind: "FNAT",
    schedulers: ["rr", "wrr", "wlc", "conhash", "mh"],
    synproxy: true,
    establishedTimeout: true,
    tcpRetries: true,
  },
};

/** The predecessor's: a document without a dialect is one of its time. */
export const defaultDialect: Dialect = "alibaba";
