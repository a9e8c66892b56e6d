import { accountOf, isRoot } from "../../../src/node/render/accounts.ts";
import { findNginx } from "../../../src/node/render/nginx_binary.ts";

/** Who nginx' workers are here, when root starts it. */
export const webUser = "www-data";

/** Whether this is where upstream.conf is the workers': root, a user for the workers, and an nginx without an agent. */
export function isWorkersConf(): boolean {
  const found = findNginx({}, process.env);
  return isRoot() && accountOf(webUser) !== null && found.ok && !found.nginx.isOpenResty;
}
