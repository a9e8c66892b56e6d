import { storeRefused } from "../../dygateway/core/errors.ts";
import { failure, success, type Result } from "../../dygateway/core/result.ts";
import { isError, textReply, type StoreWork } from "../../dygateway/core/store/command.ts";
import { listClusterNames, readHashes, type StoredHash } from "../lvs/store/reads.ts";
import type { Servings } from "../nginx_hosts/host_list.ts";
import type { Serving } from "../nginx_hosts/render_host.ts";
import type { Inventory } from "./inventory.ts";

/** What other tools write counts up no revision: it is seen this late. */
const longestLifeMs = 15_000;

/** Which machine stands behind which VIPs, by the clusters. */
export interface ServingsSource {
  readonly read: () => Promise<Servings>;
}

/**
 * Reads the clusters once for every revision of the store: a thousand nginx machines may ask at once.
 *
 * @param revisionKey counts the changes.
 */
export function servingsOf(inventory: Inventory, revisionKey: string): ServingsSource {
  let kept: { readonly revision: string; readonly at: number; readonly servings: Promise<Servings> } | undefined;
  return {
    read: async () => {
      const revision = await inventory.read(readText(revisionKey));
      const now = Date.now();
      if (kept?.revision !== revision || now - kept.at > longestLifeMs) {
        const entry = { revision, at: now, servings: inventory.read(readServings()) };
        kept = entry;
        entry.servings.catch(() => {
          if (kept === entry) kept = undefined;
        });
      }
      return kept.servings;
    },
  };
}

function* readText(key: string): StoreWork<Result<string>> {
  const [reply] = yield [["GET", key]];
  return isError(reply) ? failure(storeRefused(reply.message)) : success(textReply(reply) ?? "");
}

function* readServings(): StoreWork<Result<Servings>> {
  const names = yield* listClusterNames();
  if (!names.ok) return names;
  const hashes = yield* readHashes(names.value);
  if (!hashes.ok) return hashes;
  const servings = new Map<string, Serving[]>();
  for (const [hostname, serving] of hashes.value.flatMap(servingsIn)) servings.set(hostname, [...(servings.get(hostname) ?? []), serving]);
  return success(servings);
}

/** What a stored cluster says of its VIPs, whether or not the rules of today accept the whole. */
function servingsIn({ name, fields }: StoredHash): [string, Serving][] {
  const vips = (fields.value as { vip2ws?: unknown } | undefined)?.vip2ws;
  if (!Array.isArray(vips)) return [];
  return vips.flatMap((one: unknown) => {
    const { vip, wstype, wss } = (one ?? {}) as { vip?: unknown; wstype?: unknown; wss?: unknown };
    if (typeof vip !== "string" || typeof wstype !== "string" || !Array.isArray(wss)) return [];
    return wss.flatMap((server: unknown): [string, Serving][] => {
      const hostname = typeof server === "string" ? server : (server as { name?: unknown } | null)?.name;
      return typeof hostname === "string" ? [[hostname.toLowerCase(), { cluster: name, vip, wstype }]] : [];
    });
  });
}
