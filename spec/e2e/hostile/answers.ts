import type { RawAnswer } from "../support/raw_answer.ts";

/** What dygateway may say; everything else must be nginx's own word on HTTP that it does not understand. */
const ourStatuses = [200, 400, 401, 403, 404, 405, 413];
const nginxStatuses = [400, 404, 405, 411, 413, 414, 501, 505];

export interface Envelope {
  readonly code: number;
  readonly data?: { readonly policyid?: number; readonly groupid?: number; readonly group?: readonly number[] };
}

export interface Asked {
  readonly ends?: boolean;
  readonly isHead?: boolean;
}

export function envelopeOf(answer: RawAnswer): Envelope | undefined {
  try {
    const read = JSON.parse(Buffer.from(answer.body, "latin1").toString()) as { code?: unknown; desc?: unknown };
    return typeof read.code === "number" && typeof read.desc === "string" ? (read as Envelope) : undefined;
  } catch {
    return undefined;
  }
}

/** The revision that an answer announces. */
export function revisionOf(answer: RawAnswer | undefined): number | undefined {
  const revision = /\r\nx-dygateway-revision: (\d+)/i.exec(answer?.head ?? "")?.[1];
  return revision === undefined ? undefined : Number(revision);
}

/** Why an answer of an admin interface is none that a client could work with; undefined where it is one. */
export function complaint(asked: Asked, answer: RawAnswer | undefined): string | undefined {
  if (answer === undefined) {
    return asked.ends === true ? undefined : "closed without an answer";
  }
  if (asked.isHead === true) {
    return [...ourStatuses, ...nginxStatuses].includes(answer.status) ? undefined : `HTTP ${answer.status}`;
  }
  const isNginx = /<center>(?:nginx|openresty)/.test(answer.body);
  if (isNginx) {
    return nginxStatuses.includes(answer.status) ? undefined : `nginx's own ${answer.status}`;
  }
  if (!ourStatuses.includes(answer.status)) {
    return `HTTP ${answer.status}`;
  }
  return envelopeOf(answer) === undefined ? "no envelope" : undefined;
}
