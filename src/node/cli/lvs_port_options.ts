import type { Command } from "commander";
import type { CheckDocument, PortDocument } from "../lvs/inventory/schema.ts";
import { numberOrText } from "./lvs_items.ts";
import { CommandFailure } from "./terminal.ts";

/** What ports have beside their numbers, as options. */
export interface PortOptions {
  readonly synproxy?: string;
  readonly persistenceTimeout?: string;
  readonly establishedTimeout?: string;
  readonly check?: string;
  readonly checkPort?: string;
  readonly checkInterval?: string;
  readonly checkConnectTimeout?: string;
  readonly checkRetry?: string;
  readonly checkDelayBeforeRetry?: string;
  readonly checkPath?: string;
  readonly checkHost?: string;
  readonly checkStatus?: string;
  readonly checkDigest?: string;
}

export const portOptions = (command: Command): Command =>
  command
    .option("--synproxy <0|1>", "answer SYNs in place of the real server")
    .option("--persistence-timeout <seconds>", "0: none")
    .option("--established-timeout <seconds>", "until an idle session is forgotten")
    .option("--check <type>", "tcp, http or https")
    .option("--check-port <port>", "the port that is asked (default: dport)")
    .option("--check-interval <seconds>", "between two checks")
    .option("--check-connect-timeout <seconds>")
    .option("--check-retry <n>", "further tries")
    .option("--check-delay-before-retry <seconds>")
    .option("--check-path <path>", "http, https: what is asked for")
    .option("--check-host <name>", "http, https: the Host header")
    .option("--check-status <status>", "http, https: what is expected")
    .option("--check-digest <md5>", "http, https: the body's, instead of the status");

type Part = readonly [field: string, value: number | string | undefined];

const number = (text: string | undefined): number | undefined => (text === undefined ? undefined : numberOrText(text));

const present = (parts: readonly Part[]): object => Object.fromEntries(parts.filter(([, value]) => value !== undefined));

/** The fields that options name; the schema judges their values. */
export function portFields(options: PortOptions): Partial<PortDocument> {
  const check = present([
    ["port", number(options.checkPort)],
    ["interval", number(options.checkInterval)],
    ["connect_timeout", number(options.checkConnectTimeout)],
    ["retry", number(options.checkRetry)],
    ["delay_before_retry", number(options.checkDelayBeforeRetry)],
    ["path", options.checkPath],
    ["host", options.checkHost],
    ["status", number(options.checkStatus)],
    ["digest", options.checkDigest],
  ]);
  if (options.check === undefined && Object.keys(check).length > 0) {
    throw new CommandFailure("an option of a check needs --check tcp, http or https beside it");
  }
  const fields = present([
    ["synproxy", number(options.synproxy)],
    ["persistence_timeout", number(options.persistenceTimeout)],
    ["established_timeout", number(options.establishedTimeout)],
  ]);
  return options.check === undefined ? fields : { ...fields, check: { type: options.check, ...check } as CheckDocument };
}
