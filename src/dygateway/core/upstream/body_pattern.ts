const ANY = "*";
const ESCAPE = "\\";

/** The texts between the asterisks of a pattern; `\*` is an asterisk itself. */
function piecesOf(pattern: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    if (character === ANY) {
      pieces.push(piece);
      piece = "";
    } else if (character === ESCAPE && pattern.charAt(i + 1) === ANY) {
      piece += ANY;
      i++;
    } else {
      piece += character;
    }
  }
  pieces.push(piece);
  return pieces;
}

/**
 * Whether a text contains what a pattern says: its pieces in their order, anything between them. No regular expression:
 * its time is that of looking for each piece once, whatever a peer answers.
 */
export function containsPattern(text: string, pattern: string): boolean {
  let at = 0;
  for (const piece of piecesOf(pattern)) {
    const found = text.indexOf(piece, at);
    if (found < 0) {
      return false;
    }
    at = found + piece.length;
  }
  return true;
}
