/** The upstreams that dygateway has in force, by name, each as nginx' `upstream` block. */
export interface UpstreamSnapshot {
  /** Changes with every change of the store. */
  readonly revision: number;
  readonly blocks: ReadonlyMap<string, string>;
  /** Names whose text is not usable, with the reason; a template that asks for one fails. */
  readonly broken: ReadonlyMap<string, string>;
}

export type UpstreamsRead =
  | { readonly ok: true; readonly snapshot: UpstreamSnapshot }
  | { readonly ok: false; readonly reason: string };

export interface UpstreamSource {
  readonly read: () => Promise<UpstreamsRead>;
}
