/** One run of a program on a load balancer. */
export interface Call {
  readonly host: string;
  /** What the load balancer's `sh` is to evaluate; it finds `payload` on its standard input. */
  readonly script: string;
  readonly payload: Buffer;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Each line of its output that begins with `step `, as soon as it is there, without that word. */
  readonly onStep: (step: string) => void;
}

export type CallEnd =
  | { readonly kind: "answered"; readonly output: Buffer; readonly errors: string }
  /** It was not reached, or the connection broke: `mayRetry` where another try can have another end. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly mayRetry: boolean }
  | { readonly kind: "aborted" };

/** The way to the load balancers; ssh, or what a test puts in its place. */
export type Transport = (call: Call) => Promise<CallEnd>;
