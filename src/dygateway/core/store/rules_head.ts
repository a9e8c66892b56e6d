import type { Storage } from "../diversion/diversion_type.ts";
import { divdataBroken } from "../errors.ts";
import type { PolicyMeta } from "../policy/policy.ts";
import { failure, success } from "../result.ts";
import type { Result } from "../result.ts";
import { isError, textReply } from "./command.ts";
import type { Command, Reply } from "./command.ts";
import { countCommand } from "./divdata.ts";
import { decodeMeta, storageOf } from "./policy_reads.ts";

/** Longer than any option that a policy_set would take; a longer one was put there by accident. */
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

/** What is known of a divdata key before its rules are read. */
export interface Head {
  readonly divDataKey: string;
  readonly ipv6Key: string;
  readonly storage: Storage | undefined;
  readonly ipv6Count: Reply | undefined;
  readonly meta: PolicyMeta;
}

export const HEAD_COMMANDS = 3;

export function headCommands(divDataKey: string): Command[] {
  const beside = siblings(divDataKey);
  return [["TYPE", divDataKey], ["HGETALL", beside.meta], countCommand(beside.ipv6, "zset")];
}

/** @param from where the replies to `headCommands` begin. */
export function decodeHead(divDataKey: string, replies: readonly Reply[], from: number): Result<Head> {
  const beside = siblings(divDataKey);
  const type = replies[from];
  const metaReply = replies[from + 1];
  const ipv6Count = replies[from + 2];
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
  return success({ divDataKey, ipv6Key: beside.ipv6, storage, ipv6Count, meta });
}
