/** A group that may have been in force, for requests in flight at any time from `from` to `to` (milliseconds). */
interface Span {
  readonly group: number;
  readonly from: number;
  to: number;
}

/** What DESIGN.md promises at the latest between a change's answer and its last effect. */
const lateMs = 100;
/** After so long no request is in flight any more that could ask about it. */
const keptMs = 60_000;

export type Verdict = "right" | "late" | "astray";

/**
 * Which groups could be in force when. A change opens the time of its group when it is sent. Its answer closes the time
 * of all others, if it says that it was done, or its own, if it says that nothing was changed. Where the answer does
 * not come, or says that nobody knows, both stay possible until the next change that is answered.
 */
export class Timeline {
  private spans: Span[];

  constructor(group: number, now: number) {
    this.spans = [{ group, from: now, to: Infinity }];
  }

  begin(group: number, now: number): void {
    this.spans = this.spans.filter(({ to }) => to > now - keptMs);
    this.spans.push({ group, from: now, to: Infinity });
  }

  /** @param until when the others are over: now, or a moment later while workers are known to lag behind. */
  confirm(group: number, until: number): void {
    for (const span of this.spans) {
      if (span.group !== group && span.to === Infinity) {
        span.to = until;
      }
    }
  }

  /** @param begun when it was sent: an earlier change to the same group may still be uncertain. */
  refuse(group: number, begun: number, now: number): void {
    for (const span of this.spans) {
      if (span.group === group && span.from === begun) {
        span.to = now;
      }
    }
  }

  /** @param sent, answered the time in which the gateway has decided. */
  judge(group: number, sent: number, answered: number): Verdict {
    const possible = (span: Span, slack: number): boolean => span.group === group && span.from <= answered && span.to + slack >= sent;
    if (this.spans.some((span) => possible(span, 0))) {
      return "right";
    }
    return this.spans.some((span) => possible(span, lateMs)) ? "late" : "astray";
  }
}
