import { widthOf } from "./printable.ts";
import { lineWidth } from "./table.ts";

/** A line broken between words to fit 80 columns; the lines after the first begin with `indent` blanks. */
export function wrapped(line: string, indent: number): string {
  if (widthOf(line) <= lineWidth) return line;
  const lines: string[] = [];
  let current = /^ */.exec(line)?.[0] ?? "";
  let isEmpty = true;
  for (const word of line.trim().split(/(?<=[^ ]) /)) {
    const next = isEmpty ? current + word : `${current} ${word}`;
    if (!isEmpty && widthOf(next) > lineWidth) {
      lines.push(current);
      current = " ".repeat(indent) + word.trimStart();
    } else {
      current = next;
    }
    isEmpty = false;
  }
  return [...lines, current].join("\n");
}
