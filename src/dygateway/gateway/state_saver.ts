import type { RulesPlace } from "../core/store/manifest.ts";
import { lookup } from "../core/lookup.ts";
import type { Lookup, TextSet } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import { eachLine, exists, writeFile, writeLine } from "./files.ts";
import { writeSavedState } from "./saved_state.ts";
import { chunksOf, readChunkText } from "./shared_rules.ts";
import { isOvertaken, readHostnames, readManifest, readManifestText, readPosition, readSteps } from "./shared_state.ts";
import type { StatePosition } from "./shared_state.ts";
import { readUpstreamNames, readUpstreamText } from "./shared_upstreams.ts";
import { rulesFile } from "./state_files.ts";

function writeRules(dir: string, rules: RulesPlace, pause: Pause): void {
  const path = rulesFile(dir, rules.digest);
  if (exists(path)) {
    return;
  }
  writeFile(path, (file) => {
    for (let number = 0; number < chunksOf(rules); number++) {
      const chunk = readChunkText(rules.blob, number);
      if (chunk === undefined) {
        throw "the rules were replaced meanwhile";
      }
      writeLine(file, chunk);
      pause();
    }
  });
}

/** Digests that a state file refers to, as far as it can be read. */
function digestsInFile(path: string, pause: Pause): TextSet {
  const digests: TextSet = lookup();
  eachLine(path, (line) => {
    for (const [digest] of string.gmatch(line, '"digest":"(%x+)"')) {
      digests[digest ?? ""] = true;
    }
    pause();
  });
  return digests;
}

/** What was in force at one moment. Its rules are in their files already. */
export interface CollectedState {
  readonly position: StatePosition;
  /** Manifests as JSON. */
  readonly runtimes: readonly string[];
  readonly upstreams: readonly string[];
  /** Of the rules that were in force then, or while it was collected. */
  readonly digests: TextSet;
}

function setOrDelete(texts: Lookup<string>, name: string, text: string | undefined): void {
  if (text === undefined) {
    delete texts[name];
  } else {
    texts[name] = text;
  }
}

function inOrder(names: readonly string[], texts: Lookup<string>): string[] {
  const ordered: string[] = [];
  for (const name of names) {
    const text = texts[name];
    if (text !== undefined) {
      ordered.push(text);
    }
  }
  return ordered;
}

/**
 * Reads what is published, in slices, and writes the rules. Steps that are published meanwhile are followed, until
 * what was read is one state.
 * @throws with the reason.
 */
function collectState(dir: string, pause: Pause): CollectedState {
  const runtimes: Lookup<string> = lookup();
  const upstreams: Lookup<string> = lookup();
  const digests: TextSet = lookup();

  function take(hostnames: readonly string[], upstreamNames: readonly string[]): void {
    for (const hostname of hostnames) {
      pause();
      const text = readManifestText(hostname);
      const levels = readManifest(hostname)?.levels ?? [];
      setOrDelete(runtimes, hostname, text);
      for (const { rules } of levels) {
        if (rules !== undefined) {
          writeRules(dir, rules, pause);
          digests[rules.digest] = true;
        }
      }
    }
    for (const name of upstreamNames) {
      pause();
      setOrDelete(upstreams, name, readUpstreamText(name));
    }
  }

  let position = readPosition();
  take(readHostnames(), readUpstreamNames());
  for (let next = readPosition(); next.seq !== position.seq; next = readPosition()) {
    const steps = readSteps(position.seq, next.seq);
    if (steps === undefined) {
      throw "too much was changed while it was read";
    }
    position = next;
    take(steps.hostnames, steps.upstreams);
  }
  if (isOvertaken(position.seq)) {
    throw "another worker publishes a step";
  }
  return {
    position,
    runtimes: inOrder(readHostnames(), runtimes),
    upstreams: inOrder(readUpstreamNames(), upstreams),
    digests,
  };
}

/** Writes what is published. */
export interface StateSaver {
  readonly collect: (this: void) => CollectedState;
  /** Writes it, and removes the rules that the last two states do not refer to. @throws with the reason. */
  readonly write: (this: void, state: CollectedState) => void;
}

/** @param pause is called often: reading and writing are done in slices. */
export function stateSaver(dir: string, pause: Pause): StateSaver {
  /** What the last two states refer to. The first time they are another leader's. */
  let current: TextSet | undefined;
  let previous: TextSet = lookup();
  return {
    collect: () => collectState(dir, pause),
    write: ({ position, runtimes, upstreams, digests }) => {
      if (current === undefined) {
        previous = digestsInFile(`${dir}/state.previous`, pause);
        current = digestsInFile(`${dir}/state`, pause);
      }
      writeSavedState(`${dir}/state`, position, runtimes, upstreams, `${dir}/state.previous`, pause);
      for (const old of Object.keys(previous)) {
        if (current[old] !== true && digests[old] !== true) {
          os.remove(rulesFile(dir, old));
        }
      }
      previous = current;
      current = digests;
    },
  };
}
