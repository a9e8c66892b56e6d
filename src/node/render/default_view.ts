import { adminAddressOf, dyupsPrefixOf, listenersOf, listenersOfHost } from "../config/model.ts";
import type { Config } from "../config/schema.ts";
import { nginxSize } from "../config/units.ts";
import { listenAddress, listenArguments } from "./listen_view.ts";
import { nginxText, type NginxToken } from "./nginx_quote.ts";
import type { Site } from "./site.ts";
import type { Target } from "./target.ts";

export interface DefaultView {
  readonly adminListen: NginxToken;
  readonly maxBody: NginxToken;
  readonly adminAction: NginxToken;
  readonly dyupscAction: NginxToken;
  readonly dyupsAction: NginxToken;
  /** Modifier and path of each. */
  readonly dyupsLocations: readonly (readonly NginxToken[])[];
  /** Listeners on which no host answers for unknown names. */
  readonly catchAll: readonly { readonly listen: readonly NginxToken[]; readonly tls: boolean }[];
}

export function defaultView(config: Config, site: Site, target: Target): DefaultView {
  const listeners = listenersOf(config);
  const answered = config.hosts
    .filter((host) => host.default_server)
    .flatMap((host) => listenersOfHost(host, listeners).map((listener) => listener.name));
  return {
    adminListen: listenAddress(adminAddressOf(config), target),
    maxBody: nginxText(nginxSize(config.admin.max_body)),
    adminAction: nginxText(`${site.install}/admin/ab_action.lua`),
    dyupscAction: nginxText(`${site.install}/admin/dyupsc_action.lua`),
    dyupsAction: nginxText(`${site.install}/admin/dyups_action.lua`),
    dyupsLocations: dyupsLocations(config),
    catchAll: listeners
      .filter((listener) => !answered.includes(listener.name))
      .map((listener) => ({ listen: listenArguments(listener, true, target), tls: listener.tls })),
  };
}

/** All below one path; where that is the root, only the paths that the protocol has. */
function dyupsLocations(config: Config): NginxToken[][] {
  const prefix = dyupsPrefixOf(config);
  const locations = prefix === "" ? [["=", "/list"], ["=", "/detail"], ["^~", "/upstream/"]] : [["^~", `${prefix}/`]];
  return locations.map((location) => location.map(nginxText));
}
