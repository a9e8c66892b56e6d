import { join } from "node:path";
import type { Config } from "../config/schema.ts";

/**
 * The places that rendered files name. A set is rendered twice: for the output directory, and for a folder in which
 * nginx tests it without touching the pid file, logs, sockets or state of a gateway that is running.
 */
export interface Target {
  /** The directory of nginx.conf. */
  readonly directory: string;
  readonly run: string;
  readonly logs: string;
  readonly snapshot: string;
  /** Where a file that nginx itself creates (a log, a socket) is to be. */
  created(path: string): string;
}

export function outputTarget(directory: string, config: Config): Target {
  const { run, logs, snapshot } = config.paths;
  return { directory, run, logs, snapshot, created: (path) => path };
}

/** Everything in `folder`; the names are short, since the path of a socket has at most 107 bytes. */
export function testTarget(folder: string): Target {
  const renamed = new Map<string, string>();
  return {
    directory: folder,
    run: folder,
    logs: folder,
    snapshot: folder,
    created: (path) => {
      const name = renamed.get(path) ?? join(folder, `f${renamed.size}`);
      renamed.set(path, name);
      return name;
    },
  };
}
