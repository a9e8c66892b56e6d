import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aliveProcesses, type Service } from "./services.ts";
import { DemoError } from "./settings.ts";

/** The longest path that the kernel binds a unix socket to, in bytes. */
const longestSocketPath = 107;

export interface RunDir {
  readonly path: string;
  /** Rendered configuration. */
  readonly conf: string;
  readonly logs: string;
  readonly redisData: string;
  readonly snapshot: string;
  readonly run: string;
  readonly redisSocket: string;
}

/**
 * Makes the directory ready for a new demo, which always starts from an empty store: what it prints is then true.
 * Only a directory that is new, empty or marked as the demo's is used, since the last demo's data in it is removed.
 */
export function prepareRunDir(path: string): RunDir {
  const mark = join(path, ".dygateway-demo");
  if (existsSync(path) && !existsSync(mark) && readdirSync(path).length > 0) {
    throw new DemoError(`${path} is not empty and not a demo's: choose another directory with RUN_DIR=…`);
  }
  const dirs = {
    conf: join(path, "conf"),
    logs: join(path, "logs"),
    redisData: join(path, "redis"),
    snapshot: join(path, "snapshot"),
    run: join(path, "run"),
  };
  try {
    for (const dir of Object.values(dirs)) {
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir, { recursive: true });
    }
    writeFileSync(mark, "make run writes here, and empties it when it starts\n");
  } catch (error) {
    throw new DemoError(`${path} cannot be used (${(error as Error).message}): choose another with RUN_DIR=…`);
  }
  return { path, ...dirs, redisSocket: socketPath(dirs.run) };
}

function socketPath(directory: string): string {
  const path = join(directory, "redis.sock");
  if (Buffer.byteLength(path) <= longestSocketPath) {
    return path;
  }
  const short = join(tmpdir(), `dygateway-${createHash("sha256").update(path).digest("hex").slice(0, 16)}`);
  mkdirSync(short, { recursive: true, mode: 0o700 });
  const { uid } = statSync(short);
  if (uid !== process.getuid?.()) {
    throw new DemoError(`${short} is somebody else's, and ${path} is too long for a unix socket: set a shorter RUN_DIR=…`);
  }
  chmodSync(short, 0o700);
  return join(short, "redis.sock");
}

/** Written down before the services are ready, so that `make stop` finds also what a crash left. */
export function recordServices(runDir: string, services: readonly Service[]): void {
  const plain = services.map(({ name, pid, startTime, boot, log, command }) => ({ name, pid, startTime, boot, log, command }));
  writeFileSync(recordFile(runDir), `${JSON.stringify(plain, null, 2)}\n`);
}

export function forgetServices(runDir: string): void {
  rmSync(recordFile(runDir), { force: true });
}

/** The services of a demo in this directory that are still alive. */
export function aliveServices(runDir: string): Service[] {
  try {
    const services = JSON.parse(readFileSync(recordFile(runDir), "utf8")) as Service[];
    return services.filter((service) => aliveProcesses(service).length > 0);
  } catch {
    return []; // nothing was started here
  }
}

function recordFile(runDir: string): string {
  return join(runDir, "services.json");
}
