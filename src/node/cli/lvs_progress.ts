import type { PushEvent } from "../lvs/push/events.ts";
import { printable, shortened } from "./printable.ts";
import { lineWidth } from "./table.ts";
import type { Terminal } from "./terminal.ts";

/** Words for those ends that are worth a line. */
const ends = { updated: "updated", "rolled back": "is back on the release before" } as const;

/**
 * Work on load balancers as it goes on: a line for each that is done with, on stderr; where somebody watches, also one
 * that says what the others are at.
 */
export class PushProgress {
  readonly #terminal: Terminal;
  readonly #isQuiet: boolean;
  readonly #steps = new Map<string, string>();

  constructor(terminal: Terminal, isQuiet: boolean) {
    this.#terminal = terminal;
    this.#isQuiet = isQuiet;
  }

  show(event: PushEvent): void {
    if (this.#isQuiet) return;
    if (event.kind === "started") this.#steps.set(event.host, "connecting");
    else if (event.kind === "step") this.#steps.set(event.host, event.step);
    else this.#close(event);
    this.#terminal.status?.(shortened(this.#line(), lineWidth - 1));
  }

  #close(event: Extract<PushEvent, { kind: "done" | "failed" | "skipped" }>): void {
    this.#steps.delete(event.host);
    const say = (text: string): void => this.#terminal.err(`${event.host}: ${printable(text)}`);
    if (event.kind === "failed") say(`failed: ${event.reason}`);
    else if (event.kind === "skipped") say(`skipped: ${event.reason}`);
    else if (event.outcome === "updated" || event.outcome === "rolled back") say(ends[event.outcome]);
  }

  #line(): string {
    return [...this.#steps].map(([host, step]) => `${host} ${step}`).join(", ");
  }

  end(): void {
    this.#terminal.status?.("");
  }
}
