import { divdataBroken } from "../core/errors.ts";
import { success } from "../core/result.ts";
import type { Pause, Result } from "../core/result.ts";
import { failure } from "../core/result.ts";
import type { StoreWork } from "../core/store/command.ts";
import { loadManyRules } from "../core/store/load_rules.ts";
import type { LoadedRules, RulesSink } from "../core/store/load_rules.ts";
import type { RulesPlace } from "../core/store/manifest.ts";
import { cjson } from "./platform.ts";
import { deleteBlob, newBlobName, writeChunk } from "./shared_rules.ts";

/** Pairs in a chunk; decoding one takes a fraction of a millisecond. */
const PAIRS_A_CHUNK = 500;

export interface PlacedRules {
  readonly loaded: LoadedRules;
  readonly place: RulesPlace;
}

interface ChunkWriter {
  readonly add: (this: void, first: string, second: string) => void;
  readonly flush: (this: void) => void;
  readonly chunks: (this: void) => number;
}

/** Takes the rules of one divdata key into the shared dict as they are read. */
interface RulesWriter {
  readonly sink: RulesSink;
  /** Closes what was written: where it is not whole, nothing of it stays. */
  readonly finish: (this: void, loaded: Result<LoadedRules>) => Result<PlacedRules>;
}

function rulesWriter(divDataKey: string, pause: Pause): RulesWriter {
  const blob = newBlobName();
  let digest = "";
  let total = 0;
  let problem: string | undefined;

  function writer(): ChunkWriter {
    let pairs: string[] = [];
    let count = 0;
    const flush = (): void => {
      if (pairs.length > 0) {
        const [text] = cjson.encode(pairs);
        const chunk = text ?? "[]";
        digest = ngx.md5(digest + chunk);
        pairs = [];
        total++;
        count++;
        problem ??= writeChunk(blob, total - 1, chunk);
        pause();
      }
    };
    return {
      add: (first, second) => {
        pairs.push(first, second);
        if (pairs.length >= PAIRS_A_CHUNK * 2) {
          flush();
        }
      },
      flush,
      chunks: () => count,
    };
  }

  const divdata = writer();
  const ipv6 = writer();
  return {
    sink: {
      divdata: divdata.add,
      ipv6: (first, second) => {
        // All of divdata comes first: its last chunk is closed before the first of IPv6 is numbered.
        divdata.flush();
        ipv6.add(first, second);
      },
    },
    finish: (loaded) => {
      divdata.flush();
      ipv6.flush();
      if (!loaded.ok || problem !== undefined) {
        deleteBlob(blob, total);
        return failure(loaded.ok ? divdataBroken(`${divDataKey}: ${problem ?? ""}`) : loaded.error);
      }
      const { entries, ipv6Entries } = loaded.value;
      const place = { blob, chunks: divdata.chunks(), ipv6Chunks: ipv6.chunks(), digest, entries, ipv6Entries };
      return success({ loaded: loaded.value, place });
    },
  };
}

/**
 * Reads the rules of divdata keys from the store straight into the shared dict, chunk by chunk. Where there is no room
 * for them they are as good as broken: the level is skipped, and nothing of them stays.
 *
 * @returns what became of each, in the order of the keys.
 */
export function* placeRules(divDataKeys: readonly string[], pause: Pause): StoreWork<Result<PlacedRules>[]> {
  const writers = divDataKeys.map((key) => rulesWriter(key, pause));
  const loaded = yield* loadManyRules(divDataKeys, writers.map((writer) => writer.sink));
  return writers.map((writer, i) => writer.finish(loaded[i]!));
}
