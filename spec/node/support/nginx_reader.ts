import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** One directive as nginx sees it: arguments without their quotes. */
export interface Directive {
  readonly args: readonly string[];
  /** The directives of a block, or the text of a Lua block; `null` where a `;` ends it. */
  readonly body: readonly Directive[] | string | null;
}

/**
 * A reader of nginx' configuration language of the tests' own, after ngx_conf_read_token, so that a mistake in our
 * quoting is not repeated when it is checked. Throws where nginx would.
 */
export function readNginx(text: string): Directive[] {
  let at = 0;

  const quoted = (quote: string): string => {
    let value = "";
    for (at += 1; text[at] !== quote; at += 1) {
      if (at >= text.length) throw new Error("a quoted argument does not end");
      if (text[at] === "\\") value += escaped();
      else value += text.charAt(at);
    }
    at += 1;
    if (!/[\s;{)]/.test(text[at] ?? "")) throw new Error(`unexpected ${JSON.stringify(text[at])} after a quote`);
    return value;
  };

  const escaped = (): string => {
    at += 1;
    const char = text[at] ?? "";
    const known: Record<string, string> = { '"': '"', "'": "'", "\\": "\\", t: "\t", r: "\r", n: "\n" };
    return known[char] ?? `\\${char}`;
  };

  const plain = (): string => {
    let value = "";
    while (at < text.length && !/[\s;{]/.test(text[at] ?? "")) {
      if (text.startsWith("${", at)) {
        value += "${";
        at += 2;
      } else if (text[at] === "\\") {
        value += escaped();
        at += 1;
      } else {
        value += text.charAt(at);
        at += 1;
      }
    }
    return value;
  };

  const luaBlock = (): string => {
    const start = at;
    for (let depth = 1; depth > 0; at += 1) {
      const char = text[at];
      if (char === undefined) throw new Error("a Lua block does not end");
      if (char === "{") depth += 1;
      if (char === "}") depth -= 1;
      if (char !== '"') continue;
      for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    }
    return text.slice(start, at - 1);
  };

  const block = (nested: boolean): Directive[] => {
    const found: Directive[] = [];
    let args: string[] = [];
    for (;;) {
      while (/\s/.test(text[at] ?? "")) at += 1;
      const char = text[at];
      if (char === undefined) {
        if (nested || args.length > 0) throw new Error("unexpected end of file");
        return found;
      }
      if (char === "#") while (at < text.length && text[at] !== "\n") at += 1;
      else if (char === ";" || char === "{") {
        at += 1;
        if (args.length === 0) throw new Error(`unexpected ${char}`);
        const lua = args[0]?.endsWith("_by_lua_block") === true;
        const body = char === ";" ? null : lua ? luaBlock() : block(true);
        found.push({ args, body });
        args = [];
      } else if (char === "}") {
        at += 1;
        if (!nested || args.length > 0) throw new Error("unexpected }");
        return found;
      } else args.push(char === '"' || char === "'" ? quoted(char) : plain());
    }
  };
  return block(false);
}

/** Names, nesting and numbers of arguments: what must not depend on any value. */
export function shapeOf(directives: readonly Directive[]): string {
  return directives
    .map(({ args, body }) => {
      const inner = Array.isArray(body) ? `{${shapeOf(body as readonly Directive[])}}` : body === null ? "" : "{lua}";
      return `${args[0] ?? ""}/${args.length}${inner}`;
    })
    .join(" ");
}

/** Every directive of a name, wherever it is. */
export function directivesNamed(directives: readonly Directive[], name: string): Directive[] {
  return directives.flatMap((directive) => [
    ...(directive.args[0] === name ? [directive] : []),
    ...(Array.isArray(directive.body) ? directivesNamed(directive.body as readonly Directive[], name) : []),
  ]);
}

/** What nginx itself reads from a rendered directory, all files of it. Throws with its words when it refuses. */
export function dumpedByNginx(output: string): Directive[] {
  const run = spawnSync("nginx", ["-T", "-c", join(output, "nginx.conf")], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return readNginx(run.stdout);
}
