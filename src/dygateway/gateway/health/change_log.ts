import { lookup } from "../../core/lookup.ts";
import type { Lookup } from "../../core/lookup.ts";
import { changeText } from "../../core/upstream/health.ts";
import { logNotice, logWarning } from "../log.ts";
import type { Checked } from "./checks.ts";

/** Lines of one upstream in a period; the rest is counted. */
const MOST_LINES = 20;
const PERIOD_SECONDS = 10;

interface Period {
  readonly since: number;
  lines: number;
  held: number;
}

/** Says which peers change sides. A rack that goes away takes hundreds of peers with it: their number is said then. */
export interface ChangeLog {
  readonly changed: (this: void, peer: Checked) => void;
  /** Says what was held back, when its time has come. */
  readonly step: (this: void, now: number) => void;
}

export function createChangeLog(): ChangeLog {
  const periods: Lookup<Period> = lookup();
  return {
    changed: ({ upstream, address, health, check }) => {
      const period = periods[upstream] ?? { since: ngx.now(), lines: 0, held: 0 };
      periods[upstream] = period;
      if (period.lines >= MOST_LINES) {
        period.held++;
        return;
      }
      period.lines++;
      (health.up ? logNotice : logWarning)(changeText(upstream, address, health, check));
    },
    step: (now) => {
      for (const upstream of Object.keys(periods)) {
        const { since, held } = periods[upstream]!;
        if (now - since >= PERIOD_SECONDS || now < since) {
          delete periods[upstream];
          if (held > 0) {
            logWarning(`upstream '${upstream}': ${held} more peers changed sides within ${PERIOD_SECONDS} seconds`);
          }
        }
      }
    },
  };
}
