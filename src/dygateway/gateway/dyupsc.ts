import { serveActions } from "./admin_server.ts";
import { actions } from "./dyupsc_actions.ts";

/** Answers /dyupsc_admin. */
export function serveDyupsc(): void {
  serveActions(actions);
}
