import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { carryDynamic } from "../../dygateway/core/upstream/conf_file.ts";
import type { UpstreamPlace } from "./upstream_place.ts";

export const upstreamConfUnreadable = (reason: string): Error =>
  new Error(`${reason}; it holds upstreams set at run time, so it is not replaced: correct it, or move it away`);
export const upstreamConfNoFile = (path: string): Error =>
  new Error(`${path} is no file, or a link that neither root nor this user made: it is not followed; move it away`);

export interface PresentConf {
  readonly text: string;
  readonly mode: number;
}

/** The upstream.conf at a path, which the workers' user may have put something else in the place of; `null`: nothing. */
export function readUpstreamConf(path: string): PresentConf | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return null;
    if (code === "ELOOP" || code === "ENXIO") throw upstreamConfNoFile(path);
    throw error;
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw upstreamConfNoFile(path);
    return { text: readFileSync(descriptor, "utf8"), mode: status.mode & 0o777 };
  } finally {
    closeSync(descriptor);
  }
}

/** What the upstream.conf in place holds, which the gateway writes to whenever an upstream changes; "" for none. */
export function presentUpstreamConf({ source }: UpstreamPlace): string {
  return source === null ? "" : (readUpstreamConf(source)?.text ?? "");
}

/** A rendered upstream.conf with the upstreams set at run time. @throws when the present one is cut short. */
export function withDynamicUpstreams(rendered: string, present: string): string {
  const carried = carryDynamic(rendered, present);
  if (!carried.ok) throw upstreamConfUnreadable(carried.error.desc);
  return carried.value;
}
