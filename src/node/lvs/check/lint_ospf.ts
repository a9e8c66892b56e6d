import { addressPattern, hasHostBits, networkPattern } from "../inventory/ipv4.ts";
import type { ReleaseFile } from "../render/release.ts";
import { findings, type Finding } from "./finding.ts";

/** What `vtysh -C` misses: a dead interval that is too short, long keys, route-maps of nowhere, host bits. */
export function lintOspf(file: ReleaseFile): Finding[] {
  if (file.path !== "frr.conf" && file.path !== "ospfd.conf") return [];
  const one = (pattern: RegExp): RegExpExecArray | null => pattern.exec(file.text);
  const at = (pattern: RegExp, text: string): Finding[] => {
    const found = findings(file, pattern, () => text);
    return found.length > 0 ? found : [{ file: file.path, line: undefined, text }];
  };
  const [hello, dead] = ["hello", "dead"].map((name) => Number(one(new RegExp(`^ ip ospf ${name}-interval (\\d+)$`, "m"))?.[1] ?? 0));
  const found: Finding[] = [];
  if (hello === undefined || dead === undefined || hello === 0 || dead <= hello) {
    found.push(...at(/dead-interval/, `the dead interval (${dead ?? 0} s) must be more than the hello interval (${hello ?? 0} s)`));
  }
  const key = one(/ md5 (.*)$/m)?.[1];
  if (key !== undefined && !/^\S{1,16}$/.test(key)) {
    found.push(...at(/ md5 /, `the OSPF key has ${key.length} characters, or a space; 1 to 16 without one are possible`));
  }
  const routerId = one(/^ ospf router-id (.*)$/m)?.[1] ?? "";
  if (!addressPattern.test(routerId)) found.push(...at(/router-id/, "the router id is no address"));
  for (const name of file.text.matchAll(/^ redistribute .* route-map (\S+)$/gm)) {
    if (one(new RegExp(`^route-map ${name[1] ?? ""} permit`, "m")) === null) {
      found.push(...at(/ redistribute /, `the route-map ${name[1] ?? ""} is not defined: everything would be announced`));
    }
  }
  if (one(/^ redistribute connected$/m) !== null) found.push(...at(/ redistribute /, "every connected route would be announced"));
  found.push(...findings(file, /^ network (\S+) |permit (\S+)(?: ge 32)?$/, networkWords).filter(({ text }) => text !== ""));
  return found;
}

function networkWords([, uplink, vipnet]: RegExpExecArray): string {
  const network = uplink ?? vipnet ?? "";
  if (network === "10") return "";
  if (!networkPattern.test(network)) return `${network} is no network`;
  return hasHostBits(network) ? `${network} has bits beyond its mask` : "";
}
