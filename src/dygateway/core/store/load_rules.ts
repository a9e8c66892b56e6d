import type { Storage } from "../diversion/diversion_type.ts";
import { divdataBroken } from "../errors.ts";
import type { PolicyMeta } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, numberReply, textReply } from "./command.ts";
import type { StoreWork } from "./command.ts";
import { countCommand, readPairs } from "./divdata.ts";
import type { TakePair } from "./divdata.ts";
import { decodeMeta, storageOf } from "./policy_reads.ts";

/** Takes the rules of a policy pair by pair, so that a large one need not be held whole. */
export interface RulesSink {
  readonly divdata: TakePair;
  readonly ipv6: TakePair;
}

export interface LoadedRules {
  readonly storage: Storage;
  readonly entries: number;
  readonly ipv6Entries: number;
  readonly meta: PolicyMeta;
}

/** Longer than any rule that a policy_set would take; a longer one was put there by accident. */
export const MAX_FIELD_LENGTH = 65536;

/** The same of a policy's options. */
const MAX_OPTION_LENGTH = 1024;

function isMonstrous(option: string | undefined): boolean {
  return option !== undefined && option.length > MAX_OPTION_LENGTH;
}

const DIVDATA = ":divdata";

/** What stands beside a divdata key: the keys of the same policy that the predecessor does not know. */
function siblings(divDataKey: string): { readonly ipv6: string; readonly meta: string } {
  const end = divDataKey.length - DIVDATA.length;
  const base = divDataKey.slice(end) === DIVDATA ? divDataKey.slice(0, end) : divDataKey;
  return { ipv6: `${base}:divdata_ipv6`, meta: `${base}:meta` };
}

/**
 * Reads the rules that a runtime's level points at.
 *
 * @returns what was read, or why it cannot be served: no data, a type that no policy has, a monstrous field.
 */
export function* loadRules(divDataKey: string, sink: RulesSink): StoreWork<Result<LoadedRules>> {
  const beside = siblings(divDataKey);
  const [type, metaReply, ipv6Count] = yield [
    ["TYPE", divDataKey],
    ["HGETALL", beside.meta],
    countCommand(beside.ipv6, "zset"),
  ];
  const storage = storageOf(type);
  if (isError(type) || (storage === undefined && type !== "none")) {
    const found = isError(type) ? type.message : `it is a ${textReply(type) ?? "?"}`;
    return failure(divdataBroken(`${divDataKey}: a hash, sorted set or list is expected, ${found}`));
  }
  if (isError(metaReply) || isError(ipv6Count)) {
    const broken = isError(metaReply) ? `${beside.meta}: ${metaReply.message}` : `${beside.ipv6} is no sorted set`;
    return failure(divdataBroken(broken));
  }
  const meta = decodeMeta(metaReply);
  if (isMonstrous(meta.name) || isMonstrous(meta.userinfo) || isMonstrous(meta.salt)) {
    return failure(divdataBroken(`${beside.meta}: an option longer than ${MAX_OPTION_LENGTH} bytes`));
  }
  let oversized = "";
  const bounded = (take: TakePair): TakePair => (first, second) => {
    if (first.length > MAX_FIELD_LENGTH || second.length > MAX_FIELD_LENGTH) {
      oversized = `${divDataKey}: an entry longer than ${MAX_FIELD_LENGTH} bytes`;
    } else {
      take(first, second);
    }
  };
  let entries = 0;
  if (storage !== undefined) {
    const [count] = yield [countCommand(divDataKey, storage)];
    const read = yield* readPairs(divDataKey, storage, count, bounded(sink.divdata));
    if (!read.ok) {
      return read;
    }
    entries = storage === "list" ? Math.ceil(read.value / 2) : read.value;
  }
  const ipv6 = yield* readPairs(beside.ipv6, "zset", ipv6Count, bounded(sink.ipv6));
  if (!ipv6.ok) {
    return ipv6;
  }
  if (oversized !== "") {
    return failure(divdataBroken(oversized));
  }
  if (entries === 0 && numberReply(ipv6Count) <= 0) {
    return failure(divdataBroken(`${divDataKey}: there is no data`));
  }
  return success({ storage: storage ?? "zset", entries, ipv6Entries: ipv6.value, meta });
}
