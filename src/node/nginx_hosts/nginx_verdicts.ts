import type { Checked } from "./problems.ts";
import type { RenderInput } from "./render_host.ts";
import { testHost } from "./test_host.ts";

const mostKept = 1000;
/** A refusal may be due to something that passes, as a name that did not resolve. */
const refusalLastsMs = 10_000;
/** A thousand machines that ask in one minute must not start a thousand nginx at once. */
const atOnce = 2;

interface Kept {
  readonly verdict: Promise<Checked<null>>;
  /** Until when it counts; undefined for ever. */
  until: number | undefined;
}

/** What nginx said of which tree: each is tested once, however many ask for it. */
export interface NginxVerdicts {
  /** @param key names the tree to be tested: its digest, and the revision it was made of. */
  readonly of: (key: string, input: RenderInput) => Promise<Checked<null>>;
}

export function nginxVerdicts(nginx: string): NginxVerdicts {
  const kept = new Map<string, Kept>();
  const waiting: (() => void)[] = [];
  let running = 0;

  async function test(input: RenderInput): Promise<Checked<null>> {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await testHost(input, nginx);
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  return {
    of: (key, input) => {
      const known = kept.get(key);
      if (known !== undefined && (known.until === undefined || Date.now() < known.until)) return known.verdict;
      const entry: Kept = { verdict: test(input), until: undefined };
      entry.verdict.then(
        (verdict) => {
          if (!verdict.ok) entry.until = Date.now() + refusalLastsMs;
        },
        () => kept.delete(key),
      );
      kept.delete(key);
      kept.set(key, entry);
      const oldest = kept.size > mostKept ? kept.keys().next().value : undefined;
      if (oldest !== undefined) kept.delete(oldest);
      return entry.verdict;
    },
  };
}
