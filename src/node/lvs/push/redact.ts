const keyLine = /( md5 )(\S+)$/gm;

const keysOf = (text: string): string => [...text.matchAll(keyLine)].map((match) => match[2] ?? "").join("\n");
const hide = (text: string, words: string): string => text.replace(keyLine, `$1${words}`);

/** Two versions of a file without the OSPF key; that it changed is still seen. */
export function redacted(before: string, after: string): { readonly before: string; readonly after: string } {
  if (keysOf(before) === keysOf(after)) return { before: hide(before, "<hidden>"), after: hide(after, "<hidden>") };
  return { before: hide(before, "<hidden, as it was>"), after: hide(after, "<hidden, changed>") };
}
