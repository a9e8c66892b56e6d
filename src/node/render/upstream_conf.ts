import { readFileSync } from "node:fs";
import { join } from "node:path";
import { carryDynamic } from "../../dygateway/core/upstream/conf_file.ts";

export const upstreamConfUnreadable = (reason: string): Error =>
  new Error(`${reason}; it holds upstreams set at run time, so it is not replaced: correct it, or move it away`);

/** The upstream.conf in place, which the gateway writes to whenever an upstream changes; "" where there is none. */
export function presentUpstreamConf(directory: string): string {
  try {
    return readFileSync(join(directory, "upstream.conf"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

/** A rendered upstream.conf with the upstreams set at run time. @throws when the present one is cut short. */
export function withDynamicUpstreams(rendered: string, present: string): string {
  const carried = carryDynamic(rendered, present);
  if (!carried.ok) throw upstreamConfUnreadable(carried.error.desc);
  return carried.value;
}
