import type { MatcherBuilder } from "../../dygateway/core/diversion/diversion_type.ts";
import { diversionTypes } from "../../dygateway/core/diversion/index.ts";
import { errorInfo } from "../../dygateway/core/errors.ts";
import type { ErrorInfo, GatewayError } from "../../dygateway/core/errors.ts";
import { noPause } from "../../dygateway/core/result.ts";
import { writePairs } from "../../dygateway/core/store/divdata.ts";
import { requestFacts } from "../../dygateway/gateway/request_facts.ts";
import { jsonValue } from "./json_value.ts";

/** A connected Redis client, as the predecessor's modules were given one. */
interface Database {
  init_pipeline(): void;
  commit_pipeline(): LuaMultiReturn<[unknown, string?]>;
  hgetall(key: string): LuaMultiReturn<[string[] | undefined, string?]>;
  zrange(key: string, start: number, stop: number, option: string): LuaMultiReturn<[string[] | undefined, string?]>;
  lrange(key: string, start: number, stop: number): LuaMultiReturn<[string[] | undefined, string?]>;
}

interface Instance {
  readonly database: Database;
  readonly policyLib: string;
}

/** The interface of every module in this folder's `diversion/`, for plain Lua callers. */
export interface DiversionModule {
  readonly create: (this: DiversionModule, database: Database | undefined, policyLib: string | undefined) => Instance;
  readonly check: (this: Instance, policy: unknown) => unknown[];
  readonly set: (this: Instance, policy: unknown) => void;
  readonly get: (this: Instance) => unknown;
  readonly getUpstream: (this: Instance, userinfo: unknown) => string | undefined;
}

function raise(info: ErrorInfo, detail: string): never {
  throw [info, detail];
}

function infoOf(error: GatewayError): ErrorInfo {
  for (const name of Object.keys(errorInfo)) {
    const info = errorInfo[name as keyof typeof errorInfo];
    if (info[0] === error.code) {
      return info;
    }
  }
  return errorInfo.UNKNOWN_ERROR;
}

function detailOf(error: GatewayError): string {
  return error.desc.slice(infoOf(error)[1].length);
}

/**
 * The predecessor's module of a built-in divtype, over the core: stateless, and with an object of its own for each
 * `new`, so that two policies never share one.
 */
export function diversionModule(divtype: string): DiversionModule {
  const type = diversionTypes[divtype]!;

  function read(self: Instance): string[] {
    const { database, policyLib } = self;
    const [data, reason] =
      type.storage === "hash"
        ? database.hgetall(policyLib)
        : type.storage === "zset"
          ? database.zrange(policyLib, 0, -1, "withscores")
          : database.lrange(policyLib, 0, -1);
    return data ?? raise(errorInfo.REDIS_ERROR, reason ?? "");
  }

  function checked(policy: unknown): ReturnType<typeof type.check> {
    const rules = jsonValue(policy);
    return type.check(Array.isArray(rules) ? rules : [], noPause);
  }

  const methods: DiversionModule = {
    create(database, policyLib) {
      if (database === undefined) {
        return raise(errorInfo.PARAMETER_NONE, "need avaliable redis db");
      }
      if (policyLib === undefined) {
        return raise(errorInfo.PARAMETER_NONE, "need avaliable policy lib");
      }
      return setmetatable({ database, policyLib }, { __index: this });
    },
    check(policy) {
      const result = checked(policy);
      return result.ok ? [true] : [false, infoOf(result.error), detailOf(result.error)];
    },
    set(policy) {
      const result = checked(policy);
      if (!result.ok) {
        return raise(infoOf(result.error), detailOf(result.error));
      }
      this.database.init_pipeline();
      for (const command of writePairs(this.policyLib, type.storage, result.value.divdata, noPause)) {
        const method = (this.database as unknown as Record<string, (this: Database, ...words: string[]) => void>)[
          string.lower(command[0]!)
        ]!;
        method.call(this.database, ...command.slice(1));
      }
      const [written, reason] = this.database.commit_pipeline();
      if (written === undefined) {
        raise(errorInfo.REDIS_ERROR, reason ?? "");
      }
    },
    get() {
      const data = read(this);
      if (type.storage !== "zset") {
        return data;
      }
      const scores: Record<string, string> = {};
      for (let i = 0; i + 1 < data.length; i += 2) {
        scores[data[i]!] = data[i + 1]!;
      }
      return scores;
    },
    getUpstream(userinfo) {
      const data = read(this);
      const builder: MatcherBuilder = type.builder({}, data.length / 2);
      for (let i = 0; i + 1 < data.length; i += 2) {
        builder.addDivdata(data[i]!, data[i + 1]!);
      }
      const matcher = builder.finish();
      return matcher.ok
        ? matcher.value.match(tostring(userinfo), requestFacts)
        : raise(errorInfo.POLICY_DB_ERROR, matcher.error.desc);
    },
  };
  return methods;
}
