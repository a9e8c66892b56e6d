import { lookup } from "../core/lookup.ts";
import type { Lookup } from "../core/lookup.ts";
import type { Pause } from "../core/result.ts";
import { addressParts } from "../core/upstream/address.ts";
import { composeConf, writtenRevision } from "../core/upstream/conf_file.ts";
import type { DynamicUpstream } from "../core/upstream/conf_file.ts";
import { printConfBlock } from "../core/upstream/conf_print.ts";
import type { Upstream } from "../core/upstream/model.ts";
import { parseStored } from "../core/upstream/stored.ts";
import { exists, PUBLIC_UMASK, readExisting, realPath, writeFile, writeText } from "./files.ts";
import { readName } from "./health/records.ts";
import { LEASE_LOST } from "./leader.ts";
import { logErrorSometimes } from "./log.ts";
import { thisNode } from "./node_settings.ts";
import { withLargeTexts } from "./pace.ts";
import { wasConfirmed } from "./shared_reports.ts";
import { readPosition, readSeq, readSteps } from "./shared_state.ts";
import type { StatePosition } from "./shared_state.ts";
import { readUpstream, readUpstreamNames, readUpstreamText, writeConfReport } from "./shared_upstreams.ts";

/** Seconds between two writings, so that many changes are not as many files. */
const WRITE_SECONDS = 0.1;
const RETRY_SECONDS = 5;
/** Writing takes at most this part of a process' time, also with a thousand upstreams and a change every moment. */
const SHARE = 0.1;

/** Keeps upstream.conf up with what is published, so that a plain nginx started from it serves the same. */
export interface ConfWriter {
  /** Writes if upstreams changed since the last time, or if that failed. @throws LEASE_LOST */
  readonly save: (this: void) => void;
}

/** The file that this node's own processes keep up with what is in force; "" for none. */
export function confToWrite(): string {
  const { upstreams } = thisNode().settings;
  return upstreams === undefined || upstreams.writtenBy === "operator" ? "" : upstreams.conf;
}

function resolvedNames(upstream: Upstream): Lookup<readonly string[]> {
  const resolved: Lookup<readonly string[]> = lookup();
  for (const server of upstream.servers) {
    const { kind, host } = addressParts(server.address);
    if (kind === "name") {
      resolved[host] = readName(host)?.addresses ?? [];
    }
  }
  return resolved;
}

/** What a manifest, as JSON, says for the file. */
interface Printed {
  readonly manifest: string;
  /** Undefined where it says nothing. */
  readonly dynamic: DynamicUpstream | undefined;
  /** Whether it says so the next time, too: names among the servers may have other addresses by then. */
  readonly isLasting: boolean;
}

function hasNames(upstream: Upstream): boolean {
  return upstream.servers.some((server) => addressParts(server.address).kind === "name");
}

function printUpstream(name: string, pause: Pause): Printed {
  const text = readUpstreamText(name) ?? "";
  const manifest = readUpstream(name);
  const parsed = manifest?.body === undefined ? undefined : parseStored(manifest.body, pause);
  if (parsed?.ok === true && parsed.value !== "removed") {
    const block = printConfBlock(name, parsed.value, resolvedNames(parsed.value), pause);
    return { manifest: text, dynamic: { name, block }, isLasting: !hasNames(parsed.value) };
  }
  const isRemoved = manifest?.removed === true || parsed?.ok === true;
  return { manifest: text, dynamic: isRemoved ? { name, block: undefined } : undefined, isLasting: true };
}

/** Reads what is published, and remembers what it has printed: a change is one upstream of maybe thousands. */
function blockPrinter(pause: Pause): (this: void) => DynamicUpstream[] {
  let known: Lookup<Printed> = lookup();
  return () => {
    const printed: Lookup<Printed> = lookup();
    const upstreams: DynamicUpstream[] = [];
    for (const name of readUpstreamNames()) {
      pause();
      const before = known[name];
      const isSame = before?.isLasting === true && before.manifest === readUpstreamText(name);
      const now = isSame ? before : printUpstream(name, pause);
      printed[name] = now;
      if (now.dynamic !== undefined) {
        upstreams.push(now.dynamic);
      }
    }
    known = printed;
    return upstreams;
  };
}

/** @throws with the reason; the file that was there stays. */
function writeConf(
  path: string,
  revision: number,
  upstreams: readonly DynamicUpstream[],
  isDurable: boolean,
  pause: Pause,
): void {
  const existing = readExisting(path);
  pause();
  const composed = composeConf(existing, upstreams, revision, pause);
  if (!composed.ok) {
    throw composed.error.desc;
  }
  pause();
  if (composed.value === existing) {
    return;
  }
  const original = `${path}.orig`;
  const writing = { umask: PUBLIC_UMASK, isDurable };
  if (writtenRevision(existing) === undefined && existing !== "" && !exists(original)) {
    writeFile(
      original,
      (file) => {
        writeText(file, existing);
      },
      writing,
    );
  }
  pause();
  writeFile(
    path,
    (file) => {
      writeText(file, composed.value);
    },
    writing,
  );
}

/**
 * @param path of upstream.conf, or a link to it; "" writes nothing. @param isDurable waits until it is on the disk: for a
 * process that serves no requests.
 */
export function createConfWriter(path: string, isDurable: boolean, pause: Pause): ConfWriter {
  /** Up to which step the file is known to be right; 0 before it was looked at. */
  let seq = 0;
  let notBefore = 0;
  const publishedUpstreams = blockPrinter(pause);

  function isConcerned(to: number): boolean {
    const steps = seq === 0 ? undefined : readSteps(seq, to);
    return steps === undefined || steps.upstreams.length > 0;
  }

  function write(position: StatePosition): void {
    const started = ngx.now();
    const [saved, reason] = pcall(() => {
      const upstreams = publishedUpstreams();
      withLargeTexts(pause, (pauseWithin) => {
        writeConf(realPath(path), position.revision, upstreams, isDurable, pauseWithin);
      });
    });
    if (!saved && (reason as unknown) === LEASE_LOST) {
      throw LEASE_LOST;
    }
    ngx.update_time();
    const now = ngx.now();
    notBefore = now + (saved ? Math.max(WRITE_SECONDS, (now - started) / SHARE) : RETRY_SECONDS);
    const problem = saved ? "" : tostring(reason);
    if (saved) {
      seq = position.seq;
    } else {
      logErrorSometimes(`conf ${problem}`, `${path} could not be written: ${problem}`);
    }
    writeConfReport({ revision: saved ? position.revision : -1, problem, time: now });
  }

  return {
    save: () => {
      if (path === "" || readSeq() === seq || ngx.now() < notBefore || !wasConfirmed()) {
        return;
      }
      const position = readPosition();
      if (isConcerned(position.seq)) {
        write(position);
      } else {
        seq = position.seq;
      }
    },
  };
}
