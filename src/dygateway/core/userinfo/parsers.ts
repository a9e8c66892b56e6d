import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { parseUserinfoSource } from "./source.ts";
import type { UserinfoSource } from "./source.ts";

function sourceOf(text: string): UserinfoSource {
  const parsed = parseUserinfoSource(text);
  if (!parsed.ok) {
    throw new Error(parsed.error.desc);
  }
  return parsed.value;
}

/**
 * The built-in parsers by the names they have in stored runtimes (`abtesting.userinfo.<name>`). A type that reads named
 * headers, cookies or arguments itself has no userinfo of its own: its parser yields the empty text for every request.
 */
export const parsers: Lookup<UserinfoSource> = lookup();
parsers["ipParser"] = sourceOf("ip");
parsers["uidParser"] = sourceOf("header:X-Uid");
parsers["cityParser"] = sourceOf("arg:city");
parsers["urlParser"] = sourceOf("uri");
parsers["requestParser"] = { text: "request", read: () => "" };
