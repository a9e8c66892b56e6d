import { z } from "zod";
import { wstype as wstypeName } from "../../lvs/inventory/scalars.ts";
import { listWstypes, registerWstypes } from "../../lvs/store/wstypes.ts";
import { route, type Route } from "../http/route.ts";
import type { Inventory } from "../inventory.ts";

const wstype = z.strictObject({ name: z.string(), description: z.string() });

export function wstypeRoutes(inventory: Inventory): Route[] {
  return [
    route({
      method: "GET",
      path: "/wstypes",
      role: "viewer",
      summary: "The registered wstypes",
      answers: { 200: z.strictObject({ wstypes: z.array(wstype) }), 503: "Redis cannot be reached" },
      handle: async () => ({ json: { wstypes: await inventory.read(listWstypes()) } }),
    }),
    route({
      method: "PUT",
      path: "/wstypes/:wstype",
      role: "admin",
      summary: "Register a wstype, or give it another description",
      params: z.strictObject({ wstype: wstypeName }),
      body: z.strictObject({ description: z.string().max(200).optional() }),
      answers: { 200: wstype, 422: "The description is refused", 503: "Redis cannot be reached" },
      handle: async ({ params, body, caller }) => {
        const [done] = await inventory.change(caller, (context) => registerWstypes(context, [params.wstype], body.description));
        return { json: done };
      },
    }),
  ];
}
