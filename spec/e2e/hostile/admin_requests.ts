import { drawPolicy } from "../oracle/scenario.ts";
import type { Dice } from "../support/seeded_dice.ts";
import type { RawRequest } from "../support/raw_client.ts";
import { absurdBody, mutated } from "./mutation.ts";
import { reshaped } from "./reshaping.ts";

const bodyActions = ["policy_check", "policy_set", "policygroup_check", "policygroup_set"] as const;
const queryActions = [
  "policy_get", "policy_del", "policy_list", "policygroup_get", "policygroup_del", "policygroup_list", "runtime_set", "runtime_get", "runtime_del",
  "runtime_list", "status", "explain", "store_accept",
] as const;
export const absurdActions = [
  "", "policy", "POLICY_SET", "policy_set ", "__index", "constructor", "toString", "../status", "policy_set%00", "status%0aX: y", "1", "nil", "_G", "%ff%fe",
  "os.exit", "a".repeat(5000),
];
const parameterNames = [
  "policyid", "policygroupid", "policyname", "policygroupname", "hostname", "divsteps", "from", "count", "force", "uid", "ip", "city", "uri", "header",
  "cookie", "arg", "userinfo", "action", "nonsense", "__index", "%00",
];
export const parameterValues = [
  "0", "1", "007", "-1", "1.5", "1e9", "9007199254740992", "99999999999999999999", "", "x", "%00", "1%00", "%ff", "%ed%a0%80", "%", "%zz", "a%0d%0ab", "any.test",
  "X:Y", "X=Y", "=", ":", "::1", "1.2.3.4", "*", "..%2f..%2fetc", "%5b1", "%2a:first:divModulename", "true", "h".repeat(255), "h".repeat(256), "z".repeat(4000),
];
const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "FOO", "get", "PROPFIND"];

/** Headers that are wrong, forged or of no use here. */
const oddHeaders = [
  "Host: evil.example", "Host: ", "Host: 127.0.0.1\r\nHost: localhost", "Host: [::1", "Host: localhost:99999999", "Host: \xff", "Origin: http://evil.example",
  "Origin: null", "Sec-Fetch-Site: cross-site", "Authorization: Bearer x", "Authorization: \x01", `X-Operator: ${"o".repeat(6000)}`, "X-Operator: \xff\xfe\x80",
  "X-Operator: a\tb", "Content-Type: multipart/form-data", "Content-Encoding: gzip", "Expect: 100-continue", "Range: bytes=0-1", "If-Match: x",
  "If-None-Match: *", "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "If-Modified-Since: Thu, 01 Jan 2099 00:00:00 GMT", "Upgrade: h2c", "Connection: close",
  "X-HTTP-Method-Override: DELETE", "Content-Length: -1", "Content-Length: 99999999999999999999", "Content-Length: 5\r\nContent-Length: 6",
  "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked", "Content-Length: 3\r\nTransfer-Encoding: chunked", "Header without colon", ": x", "A\x00B: c",
  "\xff: x", `X-Long: ${"y".repeat(9000)}`, "X-Real-IP: ::::", "Cookie: \x80=;=;;",
];

/** A request, what it tries in words, and whether its sender leaves before it is whole. */
export interface HostileRequest extends RawRequest {
  readonly about: string;
}

export interface AdminFuzz {
  readonly next: () => HostileRequest;
  /** Takes up ids that were handed out, so that later requests name things that exist. */
  readonly learn: (policyIds: readonly number[], groupIds: readonly number[]) => void;
}

/** A request as it is sent; to this machine, unless its headers say otherwise. */
export function request(method: string, target: string, headers: readonly string[], body: Buffer): Buffer {
  const host = headers.some((line) => line.startsWith("Host:")) ? [] : ["Host: 127.0.0.1"];
  const lines = [`${method} ${target} HTTP/1.1`, ...host, ...headers];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

function chunked(dice: Dice, body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, dice.between(1, dice.pick([3, 100, 5000])));
    parts.push(Buffer.from(`${size.toString(16)}\r\n`), body.subarray(at, at + size), Buffer.from("\r\n"));
    at += size;
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
}

export function adminFuzz(dice: Dice): AdminFuzz {
  const policyIds: number[] = [];
  const groupIds: number[] = [];

  function validBody(group: boolean): Buffer {
    const levels = Array.from({ length: group ? dice.between(1, 3) : 1 }, () => drawPolicy(dice));
    const value = group ? Object.fromEntries(levels.map((policy, i) => [`${i + 1}`, policy])) : levels[0];
    return Buffer.from(JSON.stringify(value));
  }

  function query(action: string): string {
    const pairs = [`action=${action}`];
    for (let i = dice.below(5); i > 0; i--) {
      const value = dice.chance(30) ? `${dice.pick([...policyIds, ...groupIds, 0])}` : dice.pick(parameterValues);
      pairs.push(`${dice.pick(parameterNames)}=${value}`);
    }
    if (dice.chance(3)) {
      pairs.push(...Array.from({ length: dice.pick([95, 101, 500]) }, (_, i) => `p${i}=${i}`));
    }
    return `/ab_admin?${dice.shuffled(pairs).join("&")}`;
  }

  function withBody(): HostileRequest {
    const action = dice.pick(bodyActions);
    const group = action.startsWith("policygroup") !== dice.chance(5);
    const kind = dice.below(100);
    const body =
      kind < 8
        ? validBody(group)
        : kind < 20
          ? absurdBody(dice)
          : kind < 60
            ? reshaped(dice, validBody(group))
            : mutated(dice, validBody(group), validBody(dice.chance(50)));
    const target = `/ab_admin?action=${action}`;
    if (dice.chance(20)) {
      const whole = chunked(dice, body);
      const sent = dice.chance(40) ? mutated(dice, whole, whole) : whole;
      return { about: `${action}, chunked`, bytes: request("POST", target, ["Transfer-Encoding: chunked"], sent), ends: sent !== whole };
    }
    const missing = dice.chance(10) ? dice.between(1, 1000) : 0;
    const length = `Content-Length: ${body.length + missing}`;
    return { about: `${action}${missing > 0 ? ", cut short" : ""}`, bytes: request("POST", target, [length], body), ends: missing > 0 };
  }

  function withParameters(): HostileRequest {
    const action = dice.chance(25) ? dice.pick(absurdActions) : dice.pick([...queryActions, ...bodyActions]);
    return { about: `parameters of ${action.slice(0, 40)}`, bytes: request("GET", query(action), [], Buffer.alloc(0)) };
  }

  /** Changes that are meant to be taken, as long as the state allows. */
  function sensible(): HostileRequest {
    const host = dice.pick(["a.test", "b.test", "c.test"]);
    const targets = [
      `runtime_set&hostname=${host}&policyid=${dice.pick([...policyIds, 0])}`,
      `runtime_set&hostname=${host}&policygroupid=${dice.pick([...groupIds, 0])}`,
      `runtime_del&hostname=${host}`,
      `policy_del&policyid=${dice.pick([...policyIds, 0])}`,
      `policygroup_del&policygroupid=${dice.pick([...groupIds, 0])}${dice.chance(30) ? "&force=1" : ""}`,
      `explain&hostname=${host}&uid=${dice.below(100)}&ip=10.0.0.1`,
    ];
    const target = dice.pick(targets);
    return { about: target, bytes: request("GET", `/ab_admin?action=${target}`, [], Buffer.alloc(0)) };
  }

  function withHeaders(): HostileRequest {
    const method = dice.chance(60) ? dice.pick(methods) : "POST";
    const headers = Array.from({ length: dice.between(1, 3) }, () => dice.pick(oddHeaders));
    const body = dice.chance(50) ? validBody(false) : Buffer.alloc(0);
    const stated = headers.some((line) => /^(content-length|transfer-encoding)/i.test(line));
    const length = stated || body.length === 0 ? [] : [`Content-Length: ${body.length}`];
    const target = dice.chance(70) ? query(dice.pick([...queryActions, ...bodyActions])) : dice.pick(["/", "*", "/ab_admin", "/ab_admin/", "//ab_admin", "/ab_admin?", "ab_admin", "http://x/ab_admin", "/%61b_admin?action=status", "/../ab_admin"]);
    const bytes = request(method, target, [...headers, ...length], body);
    return { about: `${method} with ${headers.join(" | ").slice(0, 80)}`, bytes, ends: stated, isHead: method === "HEAD" };
  }

  function rawBytes(): HostileRequest {
    const whole = withBody().bytes;
    return { about: "broken HTTP", bytes: mutated(dice, whole.subarray(0, 3000), whole), ends: true };
  }

  return {
    next: () => {
      const kind = dice.below(100);
      return kind < 55 ? withBody() : kind < 75 ? withParameters() : kind < 82 ? sensible() : kind < 94 ? withHeaders() : rawBytes();
    },
    learn: (policies, groups) => {
      policyIds.push(...policies);
      groupIds.push(...groups);
    },
  };
}
