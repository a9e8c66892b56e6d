/**
 * The text that dygateway keeps for an upstream: statements of nginx' `upstream` block and some of its own. It is not
 * copied but read, statement by statement, and written anew, so nothing else can come with it into a configuration.
 */

export type BodyRead =
  | { readonly ok: true; readonly lines: readonly string[] }
  | { readonly ok: true; readonly removed: true }
  | { readonly ok: false; readonly reason: string };

/** No blank, quote, brace, `;`, `#`, `\` or control character: it stays one word wherever it is put. */
const word = /^[A-Za-z0-9_.:/@+*=,%~^[\]$-]{1,500}$/;
const address = /^(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$|^unix:\/[A-Za-z0-9_./@+,=~-]{1,106}$/;
const time = "[0-9]{1,9}(?:ms|s|m|h|d)?";

/** Statements that nginx knows, with what may follow them. */
const statements: Readonly<Record<string, RegExp>> = {
  least_conn: /^$/,
  ip_hash: /^$/,
  hash: /^\S+(?: consistent)?$/,
  random: /^(?:two(?: least_conn)?)?$/,
  keepalive: /^[0-9]{1,7}$/,
  keepalive_timeout: new RegExp(`^${time}$`),
  keepalive_requests: /^[0-9]{1,9}$/,
};
/** dygateway's own; nginx is told nothing of them. */
const ownStatements = ["check", "no_check"];

const parameters = [/^weight=[0-9]{1,6}$/, /^max_fails=[0-9]{1,6}$/, new RegExp(`^fail_timeout=${time}$`), /^max_conns=[0-9]{1,9}$/, /^backup$/, /^down$/];
/** Only nginx' commercial version has it. */
const leftOut = new RegExp(`^slow_start=${time}$`);
/** Both take no new requests; nginx has one word for them. */
const outOfRotation = ["drain", "out"];

/** What stands between two `;` is one statement; the last `;` may be missing. */
export function readBody(text: string): BodyRead {
  if (text.length > 1_000_000) return { ok: false, reason: "it is too long" };
  const lines: string[] = [];
  let servers = 0;
  const parts = text.split(";").map((part) => part.trim().split(/[ \t\r\n]+/));
  for (const [index, [name = "", ...words]] of parts.entries()) {
    if (name === "" && words.length === 0) {
      if (index === parts.length - 1) break;
      return { ok: false, reason: `statement ${index + 1} is empty` };
    }
    const wrong = [name, ...words].find((item) => !word.test(item));
    if (wrong !== undefined) return { ok: false, reason: `statement ${index + 1} has ${JSON.stringify(wrong.slice(0, 80))} in it` };
    if (name === "removed" && words.length === 0 && lines.length === 0) return { ok: true, removed: true };
    if (ownStatements.includes(name)) continue;
    const line = name === "server" ? serverLine(words) : plainLine(name, words);
    if (line === undefined) return { ok: false, reason: `statement ${index + 1} is not understood: ${[name, ...words].join(" ").slice(0, 120)}` };
    if (name === "server") servers += 1;
    lines.push(line);
  }
  // nginx takes no upstream without a server; port 9 discards.
  return { ok: true, lines: servers > 0 ? lines : [...lines, "server 127.0.0.1:9 down;"] };
}

function plainLine(name: string, words: readonly string[]): string | undefined {
  const rest = words.join(" ");
  if (!Object.hasOwn(statements, name) || statements[name]?.test(rest) !== true) return undefined;
  return rest === "" ? `${name};` : `${name} ${rest};`;
}

function serverLine([place = "", ...words]: readonly string[]): string | undefined {
  if (!address.test(place)) return undefined;
  const kept = words.filter((item) => parameters.some((parameter) => parameter.test(item)));
  const aside = words.filter((item) => outOfRotation.includes(item));
  const known = kept.length + aside.length + words.filter((item) => leftOut.test(item)).length;
  if (known !== words.length) return undefined;
  const down = aside.length > 0 && !kept.includes("down") ? ["down"] : [];
  return `server ${[place, ...kept, ...down].join(" ")};`;
}
