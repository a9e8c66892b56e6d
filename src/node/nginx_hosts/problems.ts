/** Something in the tree that has to be corrected before a host gets its configuration. */
export interface TreeProblem {
  /** A file of the tree, or of the finished configuration; "" where no file is to blame. */
  readonly file: string;
  /** From 1; 0 where the file as a whole is meant. */
  readonly line: number;
  /** The place within a value, as `values.sites[0].root`; "" where there is none. */
  readonly path: string;
  readonly text: string;
}

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly TreeProblem[] };

export const sound = <T>(value: T): Checked<T> => ({ ok: true, value });
export const unsound = (...problems: readonly TreeProblem[]): Checked<never> => ({ ok: false, problems });

const whole = (file: string, text: string): TreeProblem => ({ file, line: 0, path: "", text });
const atLine = (file: string, line: number, text: string): TreeProblem => ({ file, line, path: "", text });

export const treeUnreadable = (reason: string): TreeProblem => whole("", `the tree cannot be read: ${reason}`);
export const tooManyFiles = (most: number): TreeProblem => whole("", `the tree has more than ${most} files`);
export const treeTooLarge = (most: number): TreeProblem => whole("", `the tree has more than ${most} bytes`);
export const fileTooLarge = (file: string, most: number): TreeProblem => whole(file, `is larger than ${most} bytes`);
export const notAFile = (file: string): TreeProblem =>
  whole(file, "is neither a file nor a folder (links and submodules could lead out of the tree)");
export const badFileName = (file: string): TreeProblem =>
  whole(file, "has a name that is not possible (letters, digits, _ . - and not a dot first, and not longer than an archive takes)");
export const notText = (file: string): TreeProblem => whole(file, "is not UTF-8 text");
export const misplaced = (file: string): TreeProblem =>
  whole(file, "has no place in the layout (layer.yaml, host.yaml, files/, partials/ in a layer; tree.yaml at the top)");
export const layerNameReserved = (file: string, name: string): TreeProblem =>
  whole(file, `"${name}" is the name of a part of a layer, so no datacentre can be called so`);
export const treeFileMissing = (): TreeProblem => whole("tree.yaml", "is not there: it says which values there are");
export const hostUnknown = (hostname: string): TreeProblem =>
  whole("", `there is no host ${hostname} in the tree (hosts/${hostname}/host.yaml)`);
export const mainFileMissing = (): TreeProblem =>
  whole("", "no layer of this host has files/nginx.conf.hbs or files/nginx.conf, which nginx starts with");

export const inFile = (file: string, line: number, path: string, text: string): TreeProblem => ({ file, line, path, text });
export const valueUndeclared = (file: string, name: string): TreeProblem =>
  inFile(file, 0, `values.${name}`, "is not declared in tree.yaml");
export const valueMissing = (name: string): TreeProblem =>
  inFile("", 0, `values.${name}`, "is not set by any layer of this host, and tree.yaml has no default for it");
export const nothingToLeaveOut = (file: string, path: string): TreeProblem =>
  inFile(file, 0, "without", `no layer before this one has a file ${path}`);

export const templateBroken = (file: string, line: number, reason: string): TreeProblem => atLine(file, line, reason);
export const rawOutput = (file: string, line: number): TreeProblem =>
  atLine(file, line, "{{{…}}} and {{&…}} are not possible: {{…}} prints every value as nginx reads it");
export const valueNotSet = (name: string): string => `${name} is not set; ask with {{#if ${name}}} first`;
export const notAnArgument = (name: string): string =>
  `${name} is a list or a record; print it with {{words ${name}}} or {{#each ${name}}}`;
export const withinArgument = (file: string, line: number, value: string): TreeProblem =>
  atLine(
    file,
    line,
    `${value} needs quotes, but stands within other text: make the whole argument one value, or use a simpler value`,
  );
export const unclosedText = (file: string, line: number): TreeProblem =>
  atLine(file, line, "a quote or a block is opened here and never closed, so no value can be put in behind it");

export const upstreamUnknown = (name: string): string => `there is no upstream ${JSON.stringify(name)} in Redis`;
export const upstreamBroken = (name: string, reason: string): TreeProblem =>
  whole("", `the upstream ${JSON.stringify(name)} in Redis cannot be printed: ${reason}`);
export const notAnAddress = (text: string): string =>
  `${JSON.stringify(text)} is not a listen address (port, host:port, *:port, [IPv6]:port or unix:/path)`;

export const nginxMissing = (nginx: string, reason: string): TreeProblem => whole("", `${nginx} -t cannot be run: ${reason}`);
export const nginxRefuses = (file: string, line: number, said: string): TreeProblem => atLine(file, line, said);

export function treeProblemLine({ file, line, path, text }: TreeProblem): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return [place, path, text].filter((part) => part !== "").join(": ");
}
