import { actions } from "./admin_actions.ts";
import { serveActions } from "./admin_server.ts";

/** Answers /ab_admin. */
export function serveAdmin(): void {
  serveActions(actions);
}
