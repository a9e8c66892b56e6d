import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import { noPause } from "../core/result.ts";
import type { SentUpstream, WantedUpstream } from "../core/upstream/dyups_diff.ts";
import type { DyupsClient } from "./dyups_client.ts";
import { recordWriter } from "./health/records.ts";
import { readJson } from "./shared_dict.ts";

/** What the module was told, and the way to tell it more. */
export interface Told {
  /** By name. Not to be changed. */
  readonly sent: Lookup<SentUpstream>;
  /** @returns what is wrong; "" where it has been taken. */
  readonly send: (this: void, name: string, wanted: WantedUpstream) => string;
  readonly remove: (this: void, name: string) => string;
  readonly forget: (this: void, names: readonly string[]) => void;
  /** Bodies that were refused may be sent again: it is not the same module any more. */
  readonly startAnew: (this: void) => void;
}

/** A body that the module refuses is not sent again for so long: it logs each one, and some versions break. */
const REFUSED_SECONDS = 30;

/** In the shared dict: it outlives a leading worker, and a reload. */
const SENT = { prefix: "dy:", index: "dys" };

const OK = 200;
const NOTHING = 204;
const NOT_FOUND = 404;
const FAILED = 500;

const LONGEST_WORDS = 300;

/** An answer on one line. */
export function wordsOf({ status, text }: { readonly status: number; readonly text: string }): string {
  return `${status} ${text.trim().split("\n").join(": ").slice(0, LONGEST_WORDS)}`;
}

interface Refused {
  readonly digest: string;
  readonly until: number;
  readonly reason: string;
}

export function createTold(client: DyupsClient): Told {
  const writer = recordWriter<SentUpstream>(SENT);
  const sent: Lookup<SentUpstream> = lookup();
  for (const name of writer.names()) {
    const record = readJson(`${SENT.prefix}${name}`) as SentUpstream | undefined;
    if (record !== undefined) {
      sent[name] = record;
    }
  }
  let refused: Lookup<Refused> = lookup();

  function remember(name: string, digest: string): void {
    sent[name] = { digest, at: ngx.now() };
    writer.write([{ name, record: sent[name] }], noPause);
  }

  return {
    sent,
    send: (name, { body, digest }) => {
      const before = refused[name];
      if (before?.digest === digest && ngx.now() < before.until) {
        return before.reason;
      }
      delete refused[name];
      const reply = client.update(name, body);
      if (!reply.ok) {
        return `${name}: ${reply.reason}`;
      }
      if (reply.status === OK) {
        remember(name, digest);
        return "";
      }
      const reason = `${name}: ${wordsOf(reply)}`;
      if (reply.status === FAILED) {
        refused[name] = { digest, until: ngx.now() + REFUSED_SECONDS, reason };
      }
      return reason;
    },
    remove: (name) => {
      const reply = client.remove(name);
      if (!reply.ok) {
        return `${name}: ${reply.reason}`;
      }
      if (reply.status === OK || reply.status === NOTHING || reply.status === NOT_FOUND) {
        remember(name, "");
        return "";
      }
      return `${name}: ${wordsOf(reply)}`;
    },
    forget: (names) => {
      for (const name of names) {
        delete sent[name];
      }
      writer.remove(names);
    },
    startAnew: () => {
      refused = lookup();
    },
  };
}
