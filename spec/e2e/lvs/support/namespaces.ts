import { execFileSync, spawnSync } from "node:child_process";
import { programPath } from "./program_path.ts";

const made = new Set<string>();
process.once("exit", () => {
  for (const name of made) deleteNamespace(name);
});

/** Why there can be no network namespaces here; undefined: there can. */
export function whyNoNamespaces(): string | undefined {
  if (programPath("ip") === undefined) return "there is no ip (Debian: iproute2)";
  const probe = `dgprobe${process.pid}`;
  try {
    if (spawnSync("ip", ["netns", "add", probe]).status !== 0) return "network namespaces are not permitted (they need root)";
    // A container may permit them and not what the tests do in them.
    const link = ["ip", "link", "add", "one", "type", "veth", "peer", "name", "other"];
    return spawnSync("ip", ["netns", "exec", probe, ...link]).status === 0 ? undefined : "devices in network namespaces are not permitted";
  } finally {
    spawnSync("ip", ["netns", "del", probe]);
  }
}

/** It ends with the test run at the latest. */
export function makeNamespace(name: string): void {
  execFileSync("ip", ["netns", "add", name]);
  made.add(name);
}

export function deleteNamespace(name: string): void {
  // What programs have left behind that were killed: whatever is in a namespace of ours is ours.
  for (const pid of spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" }).stdout.split("\n")) {
    if (pid !== "") spawnSync("kill", ["-KILL", pid]);
  }
  spawnSync("ip", ["netns", "del", name]);
  made.delete(name);
}
