import { errorReply, nilReply, type Reply } from "../../dygateway/core/store/command.ts";

/** The client's forms of nil, errors and lists as the core's. Texts are what Redis holds, read as UTF-8. */
export function toReply(raw: unknown): Reply {
  if (typeof raw === "string" || typeof raw === "number") return raw;
  if (raw === null || raw === undefined) return nilReply;
  if (raw instanceof Error) return errorReply(raw.message);
  if (Array.isArray(raw)) return raw.map(toReply);
  throw new Error(`Redis answered with a ${typeof raw}, which no command of ours is answered with`);
}
