/**
 * Every user-facing error, one named factory each. Codes and the first words of each text are wire facts: clients of
 * the deployed system look at `code`, and third-party Lua modules raise `error{ERRORINFO.NAME, desc}` with these pairs.
 */
export interface GatewayError {
  readonly code: number;
  readonly desc: string;
}

export type ErrorInfo = readonly [code: number, text: string];

/** The table that Lua modules reach as `require("abtesting.error.errcode").info`. */
export const errorInfo = {
  SUCCESS: [200, "success "],
  REDIS_ERROR: [40101, "redis error for "],
  POLICY_DB_ERROR: [40102, "policy in db error "],
  RUNTIME_DB_ERROR: [40103, "runtime info in db error "],
  LUA_RUNTIME_ERROR: [40201, "lua runtime error "],
  BLANK_INFO_ERROR: [40202, "errinfo blank in handler "],
  PARAMETER_NONE: [50101, "expected parameter for "],
  PARAMETER_ERROR: [50102, "parameter error for "],
  PARAMETER_NEEDED: [50103, "need parameter for "],
  PARAMETER_TYPE_ERROR: [50104, "parameter type error for "],
  POLICY_INVALID_ERROR: [50201, "policy invalid for "],
  POLICY_BUSY_ERROR: [50202, "policy is busy and policyID is "],
  REDIS_CONNECT_ERROR: [50301, "redis connect error for "],
  REDIS_KEEPALIVE_ERROR: [50302, "redis keepalive error for "],
  POLICY_BLANK_ERROR: [50401, "policy contains no data "],
  RUNTIME_BLANK_ERROR: [50402, "expect runtime info for "],
  MODULE_BLANK_ERROR: [50403, "no required module for "],
  USERINFO_BLANK_ERROR: [50404, "no userinfo fetched from "],
  ARG_BLANK_ERROR: [50405, "no arg fetched from req "],
  ACTION_BLANK_ERROR: [50406, "no action fetched from "],
  DOACTION_ERROR: [50501, "error during action of "],
  UNKNOWN_ERROR: [50601, "unknown reason "],
} as const satisfies Record<string, ErrorInfo>;

/** The error that a code and words of a third-party module stand for. */
export function errorOf(info: ErrorInfo, detail: string): GatewayError {
  return { code: info[0], desc: info[1] + detail };
}

export const bodyMissing = (): GatewayError => errorOf(errorInfo.PARAMETER_NONE, "request_body or post data");

export const bodyTooLarge = (limitBytes: number): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `post data: it is larger than ${limitBytes} bytes, the configured admin.max_body`);

export const bodyUnreadable = (reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `post data: it could not be read: ${reason}`);

export const bodyNotJson = (reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `postData is not a json string: ${reason}`);

export const policyNotObject = (): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, "policy: a JSON object with divtype and divdata is expected");

export const policyFieldMissing = (field: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_NONE, `policy ${field}`);

export const policyFieldUnknown = (field: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, `policy: unknown field '${field}'; known: divtype, divdata, name, userinfo, salt`);

export const divtypeUnsupported = (divtype: string, known: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `unsupported divtype '${divtype}'; supported: ${known}`);

export const divtypeNeedsLua = (divtype: string): GatewayError =>
  errorOf(
    errorInfo.MODULE_BLANK_ERROR,
    `divtype '${divtype}': it is a Lua module of the gateway; use the gateway's /ab_admin for it`,
  );

/** `rule` counts from 1, as an operator reads the list; 0 speaks of the policy as a whole. */
export const policyInvalid = (rule: number, reason: string): GatewayError =>
  errorOf(errorInfo.POLICY_INVALID_ERROR, rule > 0 ? `rule ${rule}: ${reason}` : reason);

export const policyOptionInvalid = (option: string, reason: string): GatewayError =>
  errorOf(errorInfo.POLICY_INVALID_ERROR, `${option}: ${reason}`);

/** The predecessor's words for an error inside a group: `policy NO.<n> ` before the reason. */
export function inGroup(level: number, error: GatewayError): GatewayError {
  return { code: error.code, desc: `policy NO.${level} ${error.desc}` };
}

export const groupNotObject = (): GatewayError =>
  errorOf(errorInfo.PARAMETER_ERROR, 'policyGroup: a JSON object {"1":policy,"2":policy,…} is expected');

export const groupEmpty = (): GatewayError => errorOf(errorInfo.PARAMETER_NONE, "blank policy group");

export const groupIndexBroken = (key: string): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    `policyGroup: index of policy in policy_group should be one by one (1, 2, 3, …), found '${key}'`,
  );

export const groupTooDeep = (levels: number, most: number): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `policyGroup: ${levels} levels, at most ${most} are possible`);

export const groupUnknown = (id: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `blank policyGroupId: there is no policy group ${id}`);

export const groupBroken = (id: string, reason: string): GatewayError =>
  errorOf(errorInfo.POLICY_DB_ERROR, `policy group NO.${id}: ${reason}`);

export const policyIdInvalid = (): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, "policyId invalid: a number from 0 is expected in policyid");

export const groupIdInvalid = (): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, "policyGroupId invalid: a number from 0 is expected in policygroupid");

export const runtimeTargetInvalid = (): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    "policyId or policyGroupid invalid: one of policyid, policyname, policygroupid, policygroupname is expected",
  );

export const hostnameInvalid = (reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `arg hostname invalid: ${reason}`);

export const parameterInvalid = (parameter: string, reason: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `arg ${parameter} invalid: ${reason}`);

export const divstepsTooDeep = (divsteps: number, levels: number): GatewayError =>
  errorOf(
    errorInfo.PARAMETER_TYPE_ERROR,
    `divsteps is deeper than policyGroupID: ${divsteps} steps asked, the group has ${levels} levels`,
  );

export const nameTaken = (kind: string, name: string, id: string): GatewayError =>
  errorOf(errorInfo.POLICY_INVALID_ERROR, `name: the ${kind} name '${name}' is in use by NO.${id}; names are unique`);

export const nameUnknown = (kind: string, name: string): GatewayError =>
  errorOf(errorInfo.PARAMETER_TYPE_ERROR, `${kind}name: there is no ${kind} named '${name}'`);

export const policyWithoutData = (id: string): GatewayError =>
  errorOf(errorInfo.POLICY_BLANK_ERROR, `policy NO.${id}`);

export const policyBroken = (id: string, reason: string): GatewayError =>
  errorOf(errorInfo.POLICY_DB_ERROR, `policy NO.${id}: ${reason}`);

export const divdataBroken = (reason: string): GatewayError => errorOf(errorInfo.POLICY_DB_ERROR, reason);

export const runtimeBroken = (hostname: string, reason: string): GatewayError =>
  errorOf(errorInfo.RUNTIME_DB_ERROR, `hostname '${hostname}': ${reason}`);

export const policyBusy = (ids: string, hostnames: string): GatewayError =>
  errorOf(errorInfo.POLICY_BUSY_ERROR, `${ids}: in use by the runtime of ${hostnames}; force=1 deletes it all the same`);

export const actionMissing = (): GatewayError => errorOf(errorInfo.ACTION_BLANK_ERROR, "user req: parameter action");

export const actionUnknown = (action: string, known: string): GatewayError =>
  errorOf(errorInfo.DOACTION_ERROR, `action '${action}': there is no such action; there are: ${known}`);

export const actionFailed = (action: string, reason: string): GatewayError =>
  errorOf(errorInfo.DOACTION_ERROR, `action '${action}': ${reason}`);

export const storeUnreachable = (where: string, reason: string): GatewayError =>
  errorOf(errorInfo.REDIS_CONNECT_ERROR, `${where}: ${reason}; nothing was changed`);

export const storeRefused = (reason: string): GatewayError =>
  errorOf(errorInfo.REDIS_ERROR, `${reason}; nothing was changed`);

/** The connection broke between EXEC and its answer: only the store knows whether the change took place. */
export const storeUncertain = (reason: string): GatewayError =>
  errorOf(
    errorInfo.REDIS_ERROR,
    `the answer to EXEC was lost (${reason}): the change may or may not be in force; read it back before you repeat it`,
  );

export const storeConflict = (): GatewayError =>
  errorOf(errorInfo.REDIS_ERROR, "too many writers at once: gave up after many attempts; nothing was changed, try again");

export const storeBehind = (reason: string): GatewayError =>
  errorOf(
    errorInfo.REDIS_ERROR,
    `the store has lost data (${reason}); this node serves what it had and takes no changes until an operator restores ` +
      "the data or accepts the loss with action=store_accept; nothing was changed",
  );

export const moduleMissing = (name: string, reason: string): GatewayError =>
  errorOf(errorInfo.MODULE_BLANK_ERROR, `${name}: ${reason}`);

export const luaFailed = (where: string, reason: string): GatewayError =>
  errorOf(errorInfo.LUA_RUNTIME_ERROR, `${where}: ${reason}`);

/** Refusals before any action is looked at; their code is the HTTP status, as there was no action to answer. */
export const tokenRefused = (): GatewayError => ({
  code: 401,
  desc: "unauthorized: this admin interface needs the header 'Authorization: Bearer <token>'",
});

export const hostRefused = (host: string): GatewayError => ({
  code: 403,
  desc: `forbidden: Host '${host}' is not a name of this admin interface; add it to admin.hosts if it should be`,
});

export const originRefused = (origin: string): GatewayError => ({
  code: 403,
  desc: `forbidden: requests that a browser sends for another site (${origin}) are not taken`,
});
