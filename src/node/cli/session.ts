import { existsSync } from "node:fs";
import { Command } from "commander";
import type { ForeignDivtypes } from "../../dygateway/core/policy/policy.ts";
import type { Result } from "../../dygateway/core/result.ts";
import type { RedisSettings } from "../../dygateway/core/settings.ts";
import type { StoreWork } from "../../dygateway/core/store/command.ts";
import { storeKeys, type Keys } from "../../dygateway/core/store/keys.ts";
import type { Change, ChangeContext, Transaction } from "../../dygateway/core/store/transaction.ts";
import type { StaticUpstreams } from "../../dygateway/core/store/upstream_reads.ts";
import type { LoadedConfig } from "../config/load.ts";
import { changeStore } from "../store/change.ts";
import { changeContext } from "../store/change_context.ts";
import { foreignDivtypes } from "../store/foreign_divtypes.ts";
import { redisSettings } from "../store/redis_settings.ts";
import { configuredUpstreams } from "../store/static_upstreams.ts";
import { readStore } from "../store/work.ts";
import { defaultConfigFile, readConfigFile } from "./config_file.ts";
import { CommandFailure, type Terminal } from "./terminal.ts";

const systemConfigFile = "/etc/dygateway/dygateway.yaml";

/** Options that every command has which asks the store or the gateway. */
export interface CommonOptions {
  readonly config?: string;
  readonly json: boolean;
}

/** A command with the common options. */
export function commonCommand(name: string, json = "print the answer as /ab_admin gives it"): Command {
  return configuredCommand(name).option("--json", json, false);
}

/** A command that is told a configuration, and has no answer of the gateway's to print. */
export function configuredCommand(name: string): Command {
  return new Command(name).option("-c, --config <file>", `default: ${defaultConfigFile} here, else ${systemConfigFile}`);
}

function foundConfigFile(): string | undefined {
  return [defaultConfigFile, systemConfigFile].find((file) => existsSync(file));
}

/** The configuration that `-c` names, else the one of this folder, else the machine's. */
export function commonConfig(options: CommonOptions, terminal: Terminal): LoadedConfig {
  const file = options.config ?? foundConfigFile();
  if (file !== undefined) return readConfigFile(file, terminal);
  throw new CommandFailure(`no configuration: there is no ./${defaultConfigFile} and no ${systemConfigFile}; name one with -c`);
}

/** The divtypes that a check knows: a policy can be checked without any configuration. */
export function knownDivtypes(options: CommonOptions, terminal: Terminal): ForeignDivtypes {
  const isThere = (options.config ?? foundConfigFile()) !== undefined;
  return foreignDivtypes(isThere ? commonConfig(options, terminal).config.divtypes : {});
}

/** A command's way to the store. */
export interface Session {
  readonly loaded: LoadedConfig;
  readonly redis: RedisSettings;
  readonly keys: Keys;
  readonly foreign: ForeignDivtypes;
  readonly statics: StaticUpstreams;
  read<T>(work: StoreWork<Result<T>>): Promise<Result<T>>;
  change<T>(plan: (context: ChangeContext) => Change<T>): Promise<Result<Transaction<T>>>;
}

export function openSession(options: CommonOptions, terminal: Terminal): Session {
  const loaded = commonConfig(options, terminal);
  const redis = redisSettings(loaded);
  const keys = storeKeys(redis.prefix);
  return {
    loaded,
    redis,
    keys,
    foreign: foreignDivtypes(loaded.config.divtypes),
    statics: configuredUpstreams(loaded.config),
    read: (work) => readStore(redis, work),
    change: (plan) => {
      const context = changeContext(keys, terminal.environment);
      return changeStore(redis, () => plan(context));
    },
  };
}
