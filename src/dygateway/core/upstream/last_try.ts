/** What nginx has noted of the tries of a request: `$upstream_status`, `$upstream_addr` and `$upstream_header_time`. */
export interface TryNotes {
  readonly statuses: string;
  readonly addresses: string;
  readonly headerTimes: string;
}

export interface Judgement {
  /** No answer at all, or none that nginx could read. */
  readonly failed: boolean;
  /** Nobody was asked after it: what the client got is its answer. */
  readonly isLast: boolean;
}

/** Stands between the tries of one upstream and those of the next, to which an internal redirect has led. */
const REDIRECT = " : ";
const NEXT_TRY = ", ";

function lastOf(tries: string | undefined): string {
  const all = (tries ?? "").split(NEXT_TRY);
  return all[all.length - 1] ?? "";
}

/** How many upstreams a request has been with; 0 before the first. */
export function upstreamsTried(statuses: string | undefined): number {
  return statuses === undefined ? 0 : statuses.split(REDIRECT).length;
}

/**
 * How the last try of an upstream ended. A peer that answers 502 itself has sent a header; it is not for nginx to count
 * that as a failure, either.
 *
 * @param address whom the try was with; undefined where nobody could be tried.
 * @param earlier how many upstreams are known to have been tried before this one. There may be more of which nobody
 * knows, blocks of nginx's own: so the address tells.
 */
export function judgeTry(notes: TryNotes, address: string | undefined, earlier: number): Judgement {
  const statuses = notes.statuses.split(REDIRECT);
  const addresses = notes.addresses.split(REDIRECT);
  const last = statuses.length - 1;
  let own = Math.min(earlier, last);
  for (let i = last; i >= earlier; i--) {
    if (lastOf(addresses[i]) === address) {
      own = i;
    }
  }
  const status = lastOf(statuses[own]);
  const headerTime = lastOf(notes.headerTimes.split(REDIRECT)[own]);
  return { failed: (status === "502" || status === "504") && headerTime === "-", isLast: own === last };
}
