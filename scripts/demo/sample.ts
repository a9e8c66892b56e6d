import { ask } from "./http.ts";
import { DemoError } from "./settings.ts";

export const sampleHost = "api.weibo.cn";

/** Three levels, asked in this order: the last digit of the uid, the city, the address. */
export const samplePolicyGroup = {
  "1": {
    divtype: "uidsuffix",
    divdata: [
      { suffix: "1", upstream: "beta1" },
      { suffix: "3", upstream: "beta2" },
      { suffix: "5", upstream: "beta1" },
      { suffix: "0", upstream: "beta3" },
    ],
  },
  "2": {
    divtype: "arg_city",
    divdata: [
      { city: "BJ", upstream: "beta1" },
      { city: "SH", upstream: "beta2" },
      { city: "XA", upstream: "beta1" },
      { city: "HZ", upstream: "beta4" },
    ],
  },
  "3": {
    divtype: "iprange",
    divdata: [
      { range: { start: 1111, end: 2222 }, upstream: "beta1" },
      { range: { start: 3333, end: 4444 }, upstream: "beta1" },
      { range: "10.20.0.0/16", upstream: "beta4" },
    ],
  },
};

export interface SampleCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The upstream that the sample group sends it to. */
  readonly upstream: string;
}

export const sampleCalls: readonly SampleCall[] = [
  { path: "", headers: { "X-Uid": "30" }, upstream: "beta3" },
  { path: "/?city=SH", headers: {}, upstream: "beta2" },
  { path: "", headers: { "X-Real-IP": "10.20.30.40" }, upstream: "beta4" },
  { path: "", headers: {}, upstream: "stable" },
];

export function answerOf(upstream: string): string {
  return `this is ${upstream} server`;
}

/** The call as it is typed into a shell. */
export function curlLine(call: SampleCall, port: number): string {
  const url = `127.0.0.1:${port}${call.path}`;
  const headers = Object.entries(call.headers).map(([name, value]) => ` -H '${name}:${value}'`);
  return `curl ${call.path === "" ? url : `'${url}'`}${headers.join("")}`;
}

/** Loads the sample and puts it in force. */
export async function loadSample(adminPort: number): Promise<void> {
  const set = await admin(adminPort, "policygroup_set", {}, JSON.stringify(samplePolicyGroup));
  const group = (set["data"] as { groupid?: unknown } | undefined)?.groupid;
  if (typeof group !== "number" && typeof group !== "string") {
    throw new DemoError(`policygroup_set answered without a groupid: ${JSON.stringify(set)}`);
  }
  await admin(adminPort, "runtime_set", { hostname: sampleHost, policygroupid: String(group) });
}

async function admin(
  port: number,
  action: string,
  parameters: Readonly<Record<string, string>>,
  body?: string,
): Promise<Record<string, unknown>> {
  const path = `/ab_admin?${new URLSearchParams({ action, ...parameters }).toString()}`;
  const answer = await ask({ port, path, ...(body === undefined ? {} : { body }) });
  const parsed = parseObject(answer.body);
  if (parsed?.["code"] !== 200) {
    throw new DemoError(`${action} was answered ${answer.status} ${answer.body.trim().slice(0, 400)}`);
  }
  return parsed;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
