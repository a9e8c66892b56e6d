import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Address } from "../config/address.ts";
import type { LoadedConfig } from "../config/load.ts";
import { adminAddressOf, adminHostsOf } from "../config/model.ts";

export type AdminReply =
  | { readonly ok: true; readonly status: number; readonly body: string }
  | { readonly ok: false; readonly reason: string };

const timeoutMs = 5000;

/** An address to connect to: where every address is listened on, loopback is one. */
function reachable(address: Address): { socketPath: string } | { host: string; port: number } {
  if (address.kind === "unix") return { socketPath: address.path };
  const everywhere: Readonly<Record<string, string>> = { "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "::1" };
  const host = everywhere[address.host] ?? address.host.replace(/^\[(.*)\]$/, "$1");
  return { host, port: address.port ?? 80 };
}

/** The admin interface of a configuration's gateway, as an operator would write it. */
export function adminPlace({ config }: LoadedConfig): string {
  const address = adminAddressOf(config);
  return address.kind === "unix" ? `unix:${address.path}` : `http://${address.host}:${address.port ?? 80}`;
}

/** Asks the gateway's /ab_admin for an action, with the configuration's token, under a Host that is the admin's. */
export async function askAdmin(loaded: LoadedConfig, action: string): Promise<AdminReply> {
  const { adminToken } = loaded.secrets;
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        {
          ...reachable(adminAddressOf(loaded.config)),
          path: `/ab_admin?action=${encodeURIComponent(action)}`,
          headers: {
            Host: adminHostsOf(loaded.config)[0] ?? "localhost",
            ...(adminToken === null ? {} : { Authorization: `Bearer ${adminToken}` }),
          },
          agent: false,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          text(response).then((body) => {
            resolve({ ok: true, status: response.statusCode ?? 0, body });
          }, reject);
        },
      );
      sent.on("error", reject).end();
    });
  } catch (error) {
    const isTimeout = error instanceof Error && error.name === "AbortError";
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: isTimeout ? `no answer in ${timeoutMs / 1000} s` : reason };
  }
}
