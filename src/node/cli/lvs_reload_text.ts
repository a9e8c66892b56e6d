import type { Dialect } from "../lvs/inventory/model.ts";
import type { LbPlan } from "../lvs/push/plan.ts";
import type { LbOutcome } from "../lvs/push/sync.ts";

interface Advice {
  readonly touches: (path: string) => boolean;
  readonly command: (root: string, dialect: Dialect) => string;
}

/** What an operator runs so that a file is used; in the order in which it is to be run. */
const advices: readonly Advice[] = [
  { touches: (path) => path === "setup.sh" || path === "sysctl.conf", command: (root) => `sh ${root}/current/setup.sh` },
  {
    touches: (path) => path === "frr.conf",
    command: (root) => `/usr/lib/frr/frr-reload.py --reload ${root}/current/frr.conf`,
  },
  {
    touches: (path) => path === "ospfd.conf" || path === "zebra.conf",
    command: () => "restart zebra and ospfd: they read their files only when they start",
  },
  {
    touches: (path) => path === "keepalived.conf" || path.startsWith("vips/"),
    // What is broken would end it with its VIPs still announced: its test comes first.
    command: (root, dialect) =>
      dialect === "mainline"
        ? `keepalived -e -t -f ${mainFile(root)} && systemctl reload keepalived`
        : "kill -HUP $(cat /var/run/keepalived.pid)",
  },
];

const mainFile = (root: string): string => `${root.slice(0, root.lastIndexOf("/"))}/keepalived.conf`;

/** Which commands put the change in force, and where; load balancers with the same ones together. */
export function reloadText(dialect: Dialect, plans: readonly LbPlan[], outcomes: readonly LbOutcome[], root: string): string[] {
  const groups = new Map<string, string[]>();
  for (const plan of plans) {
    const host = plan.release.hostname;
    const isUpdated = outcomes.some((outcome) => outcome.host === host && outcome.outcome === "updated");
    if (plan.kind !== "changed" || !isUpdated) continue;
    const commands = commandsFor(plan.changes.map(({ path }) => path), dialect, root);
    if (commands.length > 0) groups.set(commands.join("\n"), [...(groups.get(commands.join("\n")) ?? []), host]);
  }
  return groups.size === 0 ? [] : ["nothing was reloaded; to use the files, on one load balancer after the other:", ...grouped(groups)];
}

export function commandsFor(paths: readonly string[], dialect: Dialect, root: string): string[] {
  return advices.filter(({ touches }) => paths.some(touches)).map(({ command }) => command(root, dialect));
}

const grouped = (groups: ReadonlyMap<string, readonly string[]>): string[] =>
  [...groups].flatMap(([commands, hosts]) => [`  ${hosts.join(", ")}:`, ...commands.split("\n").map((command) => `    ${command}`)]);
