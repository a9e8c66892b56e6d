import type { Command } from "commander";
import { clusterReleases } from "../lvs/push/cluster_push.ts";
import { print } from "./lvs_report.ts";
import { openPushSession, remark, valueOr } from "./lvs_push_session.ts";
import { lvsCommand } from "./lvs_session.ts";
import type { CommonOptions } from "./session.ts";
import type { Terminal } from "./terminal.ts";

export function lvsCheckCommand(terminal: Terminal): Command {
  return lvsCommand("check")
    .description("render a cluster's files and have keepalived, FRR and dygateway's own lint judge them")
    .argument("<cluster>")
    .action(async (name: string, options: CommonOptions) => {
      const { site } = openPushSession(options, terminal);
      const ready = valueOr(await clusterReleases(site, name), options, terminal);
      if (ready === undefined) return;
      const { releases, remarks } = ready;
      remark(remarks, terminal);
      const files = releases.reduce((sum, release) => sum + release.files.length, 0);
      const data = { cluster: name, lbs: releases.map(({ hostname, digest }) => ({ host: hostname, release: digest })), remarks };
      print(`${name}: ${files} files of ${releases.length} load balancers are fine`, data, options, terminal);
    });
}
