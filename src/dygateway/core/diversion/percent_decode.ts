import { utf8Bytes } from "../json/utf8.ts";

const PERCENT = 37;
const PIECE = 512;
const HEX = "0123456789abcdef";

/**
 * A query argument's text as its sender meant it: `+` is a space, `%XX` a byte (WHATWG form encoding). A `%` that starts
 * no escape stands for itself.
 *
 * @returns bytes, one unit a byte, in both runtimes.
 */
export function decodeArgument(text: string): string {
  const encoded = utf8Bytes(text);
  if (encoded.indexOf("%") < 0 && encoded.indexOf("+") < 0) {
    return encoded;
  }
  const spaced = encoded.split("+").join(" ");
  let whole = "";
  let bytes = "";
  let start = 0;
  for (let i = 0; i < spaced.length; i++) {
    if (spaced.charCodeAt(i) === PERCENT && i + 2 < spaced.length) {
      const high = HEX.indexOf(spaced.charAt(i + 1).toLowerCase());
      const low = HEX.indexOf(spaced.charAt(i + 2).toLowerCase());
      if (high >= 0 && low >= 0) {
        bytes += spaced.slice(start, i) + String.fromCharCode(high * 16 + low);
        // To append to a text is to copy it, and a query may be as long as nginx's buffers: the long one is copied rarely.
        if (bytes.length >= PIECE) {
          whole += bytes;
          bytes = "";
        }
        i += 2;
        start = i + 1;
      }
    }
  }
  return whole + bytes + spaced.slice(start);
}
