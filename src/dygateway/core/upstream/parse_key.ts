/** A piece of a key: literal text, or the name of an nginx variable. */
export interface KeyPart {
  readonly variable: boolean;
  readonly text: string;
}

export type ParsedKey =
  | { readonly ok: true; readonly parts: readonly KeyPart[] }
  | { readonly ok: false; readonly reason: string };

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
const NAME_CHARACTERS = `${LETTERS}0123456789`;

/** nginx has none that is nearly as long. */
const LONGEST_NAME = 200;

function nameEnd(key: string, from: number): number {
  let end = from;
  while (end < key.length && NAME_CHARACTERS.indexOf(key.charAt(end)) >= 0) {
    end++;
  }
  return end;
}

function refuse(reason: string): ParsedKey {
  return { ok: false, reason: `hash: ${reason}` };
}

/**
 * Takes a key with nginx variables (`$remote_addr`, `${arg_id}-$uri`) apart, as nginx's script compiler does. Captures
 * (`$1`) are refused: they would be of whatever regular expression came last.
 */
export function parseKey(key: string): ParsedKey {
  const parts: KeyPart[] = [];
  let at = 0;
  while (at < key.length) {
    const dollar = key.indexOf("$", at);
    const literalEnd = dollar < 0 ? key.length : dollar;
    if (literalEnd > at) {
      parts.push({ variable: false, text: key.slice(at, literalEnd) });
    }
    at = literalEnd;
    if (dollar >= 0) {
      const braced = key.charAt(dollar + 1) === "{";
      const start = dollar + (braced ? 2 : 1);
      const end = nameEnd(key, start);
      const name = key.slice(start, end);
      if (name === "" || LETTERS.indexOf(name.charAt(0)) < 0) {
        return refuse("the name of an nginx variable is expected after '$'");
      }
      if (name.length > LONGEST_NAME) {
        return refuse(`the name of a variable is longer than ${LONGEST_NAME} characters`);
      }
      if (braced && key.charAt(end) !== "}") {
        return refuse("a '}' is expected after '${' and the name of a variable");
      }
      parts.push({ variable: true, text: name });
      at = braced ? end + 1 : end;
    }
  }
  return parts.length === 0 ? refuse("a key is expected, such as $remote_addr") : { ok: true, parts };
}
