/** Something that is wrong with a rendered file. */
export interface CheckProblem {
  readonly hostname: string;
  /** Relative to the release; undefined: the checker named none. */
  readonly file: string | undefined;
  readonly line: number | undefined;
  /** What in the inventory that line comes from, as `vip2ws[60.28.208.1].ports[80]`. */
  readonly place: string | undefined;
  /** Who says so: `lint`, `keepalived`, `vtysh`. */
  readonly checker: string;
  readonly text: string;
}

/** `sa-lb0: vips/60.28.208.1.conf:7 (vip2ws[60.28.208.1].ports[80]): … [keepalived]` */
export function checkProblemText({ hostname, file, line, place, checker, text }: CheckProblem): string {
  const where = [file, line].filter((part) => part !== undefined).join(":");
  const origin = place === undefined ? "" : ` (${place})`;
  return `${hostname}: ${where}${origin}${where + origin === "" ? "" : ": "}${text} [${checker}]`;
}
