import { filesOnDisk, manifestName, type Release, type ReleaseFile } from "../render/release.ts";
import { isKeepalived } from "./shadow.ts";
import { lintOspf } from "./lint_ospf.ts";
import { placeOf } from "./place.ts";
import type { CheckProblem } from "./problem.ts";
import { findings, type Finding } from "./finding.ts";

/** keepalived reads a line into a buffer of 1024 bytes. */
const longestLine = 1000;

/**
 * What keepalived and FRR let pass without a word, looked for in the rendered text itself: what the inventory's rules
 * hold is held here once more, against mistakes of the templates.
 */
export function lintRelease(release: Release): CheckProblem[] {
  const found = [
    ...release.files.flatMap(lintText),
    ...release.files.filter((file) => isKeepalived(file.path)).flatMap(lintBlocks),
    ...lintServers(release.files),
    ...lintIncludes(release.files),
    ...release.files.flatMap(lintOspf),
    ...lintManifest(release),
  ];
  return found.map(({ file, line, text }) => ({
    hostname: release.hostname,
    file,
    line,
    place: placeOf(release, file, line),
    checker: "lint",
    text,
  }));
}

function lintText(file: ReleaseFile): Finding[] {
  const strange = findings(file, /undefined|\[object|NaN|\{\{|[^\n -~]/, () => "holds what no value of the inventory is");
  const long = file.text.split("\n").flatMap((text, index) => (text.length > longestLine ? [{ file: file.path, line: index + 1, text: "is too long for keepalived" }] : []));
  return [...strange, ...long];
}

function lintBlocks(file: ReleaseFile): Finding[] {
  const lines = file.text.split("\n").map((text) => text.replace(/#.*/, ""));
  let depth = 0;
  for (const [index, text] of lines.entries()) {
    depth += text.split("{").length - text.split("}").length;
    if (depth < 0) return [{ file: file.path, line: index + 1, text: "closes a block that was not opened" }];
  }
  return depth === 0 ? [] : [{ file: file.path, line: lines.length, text: "ends inside a block" }];
}

/** Virtual servers of a load balancer once each, their real servers once each, ports that are ports. */
function lintServers(files: readonly ReleaseFile[]): Finding[] {
  const found: Finding[] = [];
  const groups = new Set<string>();
  const virtual = new Set<string>();
  let real = new Set<string>();
  let weights = 0;
  let quorum = 0;
  for (const file of files.filter(({ path }) => isKeepalived(path))) {
    for (const [index, text] of file.text.split("\n").entries()) {
      const add = (words: string): void => void found.push({ file: file.path, line: index + 1, text: words });
      const [, keyword = "", first = "", second = ""] = /^\s*(\S+) ?(\S*) ?(\S*)/.exec(text) ?? [];
      const server = `${first} ${second}`;
      if (keyword.endsWith("_server") && !isPort(second)) add(`${server} has no port between 1 and 65535`);
      if (keyword === "local_address_group") groups.add(first);
      if (keyword === "laddr_group_name" && !groups.has(first)) add(`the local address group ${first} is not defined before`);
      if (keyword === "quorum") quorum = Number(first);
      if (keyword === "weight") weights += Number(first);
      if (keyword === "persistence_timeout" && !/^[1-9]\d*$/.test(first)) add("persistence_timeout has no seconds");
      if (keyword === "virtual_server") {
        if (virtual.has(server)) add(`the virtual server ${server} is there twice`);
        virtual.add(server);
        [real, weights, quorum] = [new Set(), 0, 0];
      }
      if (keyword === "real_server") {
        if (real.has(server)) add(`the real server ${server} is there twice`);
        real.add(server);
      }
      if (text === "}" && quorum > weights) {
        add(`quorum ${quorum} is more than the real servers' weights together, ${weights}`);
        quorum = 0;
      }
    }
  }
  return found;
}

const isPort = (text: string): boolean => /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535;

/** Each VIP's file is included, and no other; a missing one would be passed over. */
function lintIncludes(files: readonly ReleaseFile[]): Finding[] {
  const main = files.find(({ path }) => path === "keepalived.conf");
  if (main === undefined) return [{ file: "keepalived.conf", line: undefined, text: "is missing" }];
  const included = findings(main, /^include (.*)$/, (match) => match[1] ?? "");
  const missing = included.filter(({ text }) => !files.some(({ path }) => path === text));
  const unused = files.filter(({ path }) => path.startsWith("vips/") && !included.some(({ text }) => text === path));
  return [
    ...missing.map((finding) => ({ ...finding, text: `includes ${finding.text}, which is not there` })),
    ...unused.map(({ path }) => ({ file: path, line: undefined, text: "is not included" })),
  ];
}

/** One entry for each file, in names that `sha256sum` and `sh` take as they are. */
function lintManifest(release: Release): Finding[] {
  return filesOnDisk(release)
    .filter(({ path }) => path !== manifestName && !/^[A-Za-z0-9_][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/.test(path))
    .map(({ path }) => ({ file: path, line: undefined, text: "is no name for a file of a release" }));
}
