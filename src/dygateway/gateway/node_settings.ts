import { parseSettings } from "../core/settings.ts";
import type { Settings } from "../core/settings.ts";
import { storeKeys } from "../core/store/keys.ts";
import type { Keys } from "../core/store/keys.ts";

/** What this node was started with. Read once, before nginx forks its workers, and never changed after. */
export interface Node {
  readonly settings: Settings;
  readonly keys: Keys;
}

const current: { node?: Node } = {};

/** @throws with the file and the reason, which nginx prints and then refuses to start. */
export function loadSettings(path: string): Node {
  const [file, reason] = io.open(path, "r");
  if (file === undefined) {
    throw new Error(`dygateway: ${reason}`);
  }
  const text = file.read("*a") ?? "";
  file.close();
  const parsed = parseSettings(text);
  if (!parsed.ok) {
    throw new Error(`dygateway: ${path}: ${parsed.reason}`);
  }
  const node = { settings: parsed.settings, keys: storeKeys(parsed.settings.redis.prefix) };
  current.node = node;
  return node;
}

/** @throws when nginx.conf does not start dygateway in its init phase. */
export function thisNode(): Node {
  const { node } = current;
  if (node === undefined) {
    throw new Error(
      'nginx.conf lacks init_by_lua_block { require("dygateway.phases.init").start("…/dygateway.json") } at the http level',
    );
  }
  return node;
}

