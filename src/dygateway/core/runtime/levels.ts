/** How stored runtimes call their levels; `forth` is spelled so in the data of deployed systems. */
export const levelNames: readonly string[] = [
  "first",
  "second",
  "third",
  "forth",
  "fifth",
  "sixth",
  "seventh",
  "eighth",
  "ninth",
  "tenth",
];

export const MAX_LEVELS = 10;
