/** Seconds after a change on record in which a write to the upstreams is taken for that change's own. */
const EXPLAINED_SECONDS = 0.5;
/** Seconds after which all upstreams are looked at nevertheless: somebody may have written among the changes. */
const MOST_SECONDS = 1;

/**
 * When to look at every upstream of the store. Redis announces that their hash was written, not which field, and every
 * change of ours is such a write, too: of those the audit stream says what they touched.
 */
export interface UpstreamWatch {
  /** The hash was written. */
  readonly written: (this: void) => void;
  /** Changes on record have touched upstreams. */
  readonly explained: (this: void) => void;
  readonly isDue: (this: void) => boolean;
  /** All were looked at. */
  readonly looked: (this: void) => void;
}

export function upstreamWatch(): UpstreamWatch {
  let isWritten = false;
  let explainedAt = 0;
  let lookedAt = 0;
  return {
    written: () => {
      isWritten = true;
    },
    explained: () => {
      explainedAt = ngx.now();
    },
    isDue: () => {
      const now = ngx.now();
      return isWritten && (now - explainedAt >= EXPLAINED_SECONDS || now - lookedAt >= MOST_SECONDS);
    },
    looked: () => {
      isWritten = false;
      lookedAt = ngx.now();
    },
  };
}
