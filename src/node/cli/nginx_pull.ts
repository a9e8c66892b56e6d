import { readFileSync } from "node:fs";
import { hostname as machineName } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { pull, type Pulled, type PullSettings } from "../nginx_hosts/pull/pull.ts";
import { isHostname } from "../nginx_hosts/tree/names.ts";
import { commandGroup } from "./command_group.ts";
import { printable } from "./printable.ts";
import { CommandFailure, exitCodes, type Terminal } from "./terminal.ts";

const tokenVariable = "DYGATEWAY_TOKEN";

const examples = `
Examples:
  dygateway nginx pull --server https://manager.example.com:8443 \\
    --token-file /etc/dygateway/token --root /etc/nginx/dygw
  dygateway nginx pull …
  [ $? -eq 1 ] && nginx -s reload && rm -f /etc/nginx/dygw/reload-needed
  dygateway nginx pull … --dry-run

Exit codes: 0 nothing is new; 1 a new tree is in place and nginx has to be
reloaded (with --dry-run: would be), also as long as ROOT/reload-needed is
there; 2 failed, the old tree is in place.`;

interface PullOptions {
  readonly server: URL;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly hostname?: string;
  readonly root: string;
  readonly nginx: string;
  readonly timeout: number;
  readonly keep: number;
  readonly dryRun: boolean;
}

function serverUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && ["http:", "https:"].includes(url.protocol) && url.username === "" && url.password === "";
  if (url === undefined || !isPlain) throw new InvalidArgumentError("an address as https://manager:8443 is expected");
  return url;
}

function numberFrom(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
    if (value < least || value > most) throw new InvalidArgumentError(`a number from ${least} to ${most} is expected`);
    return value;
  };
}

export function nginxCommand(terminal: Terminal): Command {
  return commandGroup("nginx", "the configuration of nginx machines", "", [pullCommand(terminal)]);
}

function pullCommand(terminal: Terminal): Command {
  return new Command("pull")
    .summary("fetch this machine's configuration")
    .description(
      "Fetches the nginx configuration of this machine from dygateway manager, lets nginx test it and puts it in " +
        "place at once. nginx is not reloaded.",
    )
    .requiredOption("--server <url>", "dygateway manager", serverUrl)
    .option("--token-file <file>", `a token of role viewer (else the environment's ${tokenVariable})`)
    .option("--ca <file>", "authorities to trust for TLS, PEM (default: the system's)")
    .option("--hostname <name>", "the machine (default: its own name)")
    .option("--root <dir>", "folder of the trees; nginx runs with -c <dir>/current/nginx.conf", "/etc/nginx/dygw")
    .option("--nginx <file>", "the nginx that tests", "nginx")
    .option("--timeout <seconds>", "longest time for the answer", numberFrom(1, 600), 30)
    .option("--keep <n>", "trees to keep, the current and the previous among them", numberFrom(2, 1000), 5)
    .option("--dry-run", "fetch and test, but change nothing", false)
    .addHelpText("after", examples)
    .action(async (options: PullOptions) => {
      const pulled = await pull(settingsOf(options, terminal));
      report(pulled, options, terminal);
    });
}

function settingsOf(options: PullOptions, terminal: Terminal): PullSettings {
  const { server, ca, nginx, keep, dryRun, timeout } = options;
  const hostname = (options.hostname ?? machineName()).toLowerCase();
  if (!isHostname(hostname)) throw new CommandFailure(`${printable(hostname)} is not a host name; say which with --hostname`);
  return {
    server,
    hostname,
    token: tokenOf(options.tokenFile, terminal),
    ca: ca === undefined ? undefined : contentOf(ca),
    timeoutMs: timeout * 1000,
    root: resolve(options.root),
    nginx,
    keep,
    dryRun,
  };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandFailure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function tokenOf(file: string | undefined, terminal: Terminal): string {
  const token = (file === undefined ? (terminal.environment[tokenVariable] ?? "") : contentOf(file)).trim();
  if (/^[!-~]{1,200}$/.test(token)) return token;
  throw new CommandFailure(file === undefined ? `no token: name a file with --token-file, or set ${tokenVariable}` : `${file} holds no token`);
}

function report(pulled: Pulled, { dryRun, root }: PullOptions, terminal: Terminal): void {
  switch (pulled.kind) {
    case "failed":
      terminal.err(`dygateway: ${pulled.reason.split("\n").map(printable).join("\n")}`);
      terminal.exitCode = exitCodes.failed;
      return;
    case "unchanged":
      terminal.out(`unchanged: ${pulled.digest}`);
      if (pulled.reloadNeeded) terminal.out(reloadWords(root));
      terminal.exitCode = pulled.reloadNeeded ? exitCodes.differs : exitCodes.fine;
      return;
    case "changed": {
      const { added, changed, removed } = pulled.difference;
      for (const line of pulled.warnings) terminal.err(printable(line));
      for (const path of added) terminal.out(`added    ${path}`);
      for (const path of changed) terminal.out(`changed  ${path}`);
      for (const path of removed) terminal.out(`removed  ${path}`);
      terminal.out(dryRun ? `would be in place: ${pulled.digest}` : `in place: ${pulled.digest}`);
      if (!dryRun) terminal.out(reloadWords(root));
      terminal.exitCode = exitCodes.differs;
    }
  }
}

const reloadWords = (root: string): string =>
  `nginx has to be reloaded: nginx -s reload, then rm ${join(resolve(root), "reload-needed")}`;
