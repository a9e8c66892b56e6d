import { printable, shortened, widthOf } from "./printable.ts";

export const lineWidth = 80;
const gap = 2;
const narrowest = 8;

/**
 * Rows under their headings, in 80 columns: where they are too wide, the widest column gives way.
 *
 * @param rows texts as they are stored; as many as there are headings.
 */
export function tableText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = [headings, ...rows].map((row) => row.map(printable));
  const widths = headings.map((_, i) => shown.reduce((most, row) => Math.max(most, widthOf(row[i] ?? "")), 0));
  const total = (): number => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > lineWidth) {
    const most = Math.max(...widths);
    if (most <= narrowest) break;
    widths[widths.indexOf(most)] = most - 1;
  }
  return shown.map((row) => lineOf(row, widths)).join("\n");
}

function lineOf(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((cell, i) => {
    const width = widths[i] ?? 0;
    const text = shortened(cell, width);
    return text + " ".repeat(Math.max(0, width - widthOf(text)));
  });
  return cells.join(" ".repeat(gap)).trimEnd();
}
