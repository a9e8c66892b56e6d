/**
 * Work that several ask for at the same time is done once: whoever comes while it goes on gets its result. So many
 * readers of a plan are one connection to each load balancer.
 */
export class SharedWork {
  readonly #going = new Map<string, Promise<unknown>>();

  /** @param key names the work and its kind of result. */
  do<T>(key: string, work: () => Promise<T>): Promise<T> {
    const going = this.#going.get(key);
    if (going !== undefined) return going as Promise<T>;
    const begun = work().finally(() => this.#going.delete(key));
    this.#going.set(key, begun);
    return begun;
  }
}
