import type { ReleaseFile } from "../render/release.ts";

/** Something the lint found, before it is known where in the inventory it comes from. */
export interface Finding {
  readonly file: string;
  readonly line: number | undefined;
  readonly text: string;
}

/** One for each line that a pattern finds. */
export function findings(file: ReleaseFile, pattern: RegExp, words: (match: RegExpExecArray) => string): Finding[] {
  return file.text.split("\n").flatMap((text, index) => {
    const match = pattern.exec(text);
    return match === null ? [] : [{ file: file.path, line: index + 1, text: words(match) }];
  });
}
