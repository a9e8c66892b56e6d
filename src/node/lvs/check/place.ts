import type { Release } from "../render/release.ts";

/**
 * What of the inventory a line of a rendered file comes from; undefined where it is the same for every cluster. The
 * files are ours, so the blocks around a line say it.
 */
export function placeOf(release: Release, path: string, line: number | undefined): string | undefined {
  const lines = release.files.find((file) => file.path === path)?.text.split("\n") ?? [];
  const until = line === undefined ? [] : lines.slice(0, line);
  const vip = /^vips\/([0-9.]+)\.conf$/.exec(path)?.[1];
  if (vip !== undefined) return vipPlace(vip, until);
  const text = until.at(-1) ?? "";
  const lb = `lbinfos[${release.hostname}]`;
  if (/router-id/.test(text)) return `${lb}.routerid`;
  if (/^ network /.test(text)) return `${lb}.ospfnet`;
  if (/prefix-list .* permit/.test(text)) return `vipnets[${/permit (\S+)/.exec(text)?.[1] ?? ""}]`;
  const setting = /^ ip ospf (authentication|message-digest-key|cost|dead-interval|hello-interval)/.exec(text)?.[1];
  if (setting !== undefined) return `ospf.${ospfFields[setting] ?? setting}`;
  if (/^interface /.test(text)) return "ospf.device";
  if (isInside(until, "local_address_group")) return `${lb}.local_addresses`;
  const included = /^include vips\/([0-9.]+)\.conf$/.exec(text)?.[1];
  return included === undefined ? undefined : `vip2ws[${included}]`;
}

const ospfFields: Readonly<Record<string, string>> = {
  authentication: "key_from",
  "message-digest-key": "key_from",
  "dead-interval": "dead",
  "hello-interval": "hello",
};

function vipPlace(vip: string, lines: readonly string[]): string {
  let place = `vip2ws[${vip}]`;
  for (const [index, text] of lines.entries()) {
    const port = /^virtual_server \S+ (\S+)/.exec(text)?.[1];
    // The comment before a real server has the name that the inventory knows it by.
    const server = /^ {4}real_server /.test(text) ? /^ {4}# (\S+)/.exec(lines[index - 1] ?? "")?.[1] : undefined;
    if (port !== undefined) place = `vip2ws[${vip}].ports[${port}]`;
    else if (server !== undefined) place += `.wss[${server}]`;
    else if (text === "    }") place = place.replace(/\.wss\[.*$/, "");
  }
  return place;
}

function isInside(lines: readonly string[], block: string): boolean {
  const opened = lines.findLastIndex((text) => text.startsWith(block));
  return opened !== -1 && !lines.slice(opened, -1).includes("}");
}
