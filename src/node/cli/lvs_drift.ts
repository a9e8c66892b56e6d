import type { Command } from "commander";
import { driftOfCluster } from "../lvs/push/cluster_push.ts";
import type { Drift } from "../lvs/push/drift.ts";
import { print } from "./lvs_report.ts";
import { exitWith, openPushSession, valueOr, whileWatched } from "./lvs_push_session.ts";
import { lvsCommand } from "./lvs_session.ts";
import { printable } from "./printable.ts";
import type { CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export function lvsDriftCommand(terminal: Terminal): Command {
  return lvsCommand("drift")
    .description("show what on the load balancers is not as the inventory says; exit code 1 if anything")
    .argument("<cluster>")
    .action(async (name: string, options: CommonOptions) => {
      const { site } = openPushSession(options, terminal);
      const quiet = { ...options, json: true };
      const ended = await whileWatched(terminal, quiet, (run) => driftOfCluster(site, name, run));
      const drifts = valueOr(ended, options, terminal);
      if (drifts === undefined) return;
      print(drifts.map(driftText).join("\n"), { cluster: name, lbs: drifts }, options, terminal);
      exitWith(drifts.every(({ kind }) => kind === "none"), terminal);
    });
}

function driftText(drift: Drift): string {
  switch (drift.kind) {
    case "unreachable":
      return `${drift.host}: unreachable: ${printable(drift.reason)}`;
    case "empty":
      return `${drift.host}: nothing was ever put there`;
    case "none":
      return [`${drift.host}: as it should be`, ...drift.remarks.map((line) => `  note: ${line}`)].join("\n");
    case "drifted": {
      const files = drift.files.map(({ path, kind }) => `  ${words[kind].padEnd(9)} ${printable(path)}`);
      const first = drift.isOtherRelease ? "has another release" : "was changed by hand";
      return [`${drift.host}: ${first}`, ...files, ...drift.remarks.map((line) => `  note: ${line}`)].join("\n");
    }
  }
}

const words = { missing: "missing", edited: "edited", extra: "extra", readable: "readable" } as const;
