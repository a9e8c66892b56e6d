import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { lock } from "../nginx_hosts/pull/lock.ts";

export const stateInUse = (folder: string, owner: number): Error =>
  new Error(`${folder} is in use by another dygateway manager (process ${owner}); each needs a state folder of its own`);

/** Makes the service's folder, closed to others, and keeps it for one process. Returns how to give it back. */
export function takeStateFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const locked = lock(join(folder, "manager.lock"));
  if (!locked.ok) throw stateInUse(folder, locked.owner);
  return locked.release;
}
