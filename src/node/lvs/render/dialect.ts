import type { Dialect } from "../inventory/model.ts";

/** How the keepalived of a dialect writes what they all can do. */
export interface DialectWords {
  /** `script_user` and `enable_script_security`; 1.2.2 knows neither. */
  readonly scriptSecurity: boolean;
  /**
   * `startup_script` and `shutdown_script`: a keepalived that was killed leaves its VIPs announced, one that ends may
   * end the scripts that withdraw them.
   */
  readonly startAndEndScripts: boolean;
  /**
   * Who puts a VIP on `lo`: keepalived itself, which counts the ports that refer to it, or our hook, called by quorum
   * scripts. (`ip addr add` in the script itself would take the VIP away with the first of two ports that fails.)
   */
  readonly vipBy: "vip_bind_dev" | "hook";
  /** DPVS forwards past the kernel: a VIP has to be on its port as well. */
  readonly vipInDpvs: boolean;
  /** A local address without its device crashes the parser of dpvs; 1.2.2 takes ranges and no device. */
  readonly localAddresses: "none" | "ranges" | "with device";
  readonly establishedTimeout: string;
  readonly tcpRetries: boolean;
  readonly httpRetry: "retry" | "nb_get_retry";
}

export const dialectWords: Readonly<Record<Dialect, DialectWords>> = {
  mainline: {
    scriptSecurity: true,
    startAndEndScripts: true,
    vipBy: "hook",
    vipInDpvs: false,
    localAddresses: "none",
    establishedTimeout: "",
    tcpRetries: true,
    httpRetry: "retry",
  },
  alibaba: {
    scriptSecurity: false,
    startAndEndScripts: false,
    vipBy: "vip_bind_dev",
    vipInDpvs: false,
    localAddresses: "ranges",
    establishedTimeout: "est_timeout",
    tcpRetries: false,
    httpRetry: "nb_get_retry",
  },
  dpvs: {
    scriptSecurity: true,
    startAndEndScripts: false,
    vipBy: "hook",
    vipInDpvs: true,
    localAddresses: "with device",
    establishedTimeout: "establish_timeout",
    tcpRetries: true,
    httpRetry: "retry",
  },
};
