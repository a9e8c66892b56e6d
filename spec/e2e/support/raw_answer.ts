/** An answer as it came over a socket. */
export interface RawAnswer {
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  /** Of a body the bytes, one character each. */
  readonly body: string;
}

export interface ParsedAnswer {
  readonly answer: RawAnswer;
  /** Bytes that it took. */
  readonly length: number;
}

const HEAD_END = "\r\n\r\n";

/** A chunked body and its length on the wire; undefined while it is not whole. */
function dechunk(bytes: Buffer, from: number): { readonly body: string; readonly end: number } | undefined {
  let body = "";
  let at = from;
  for (;;) {
    const line = bytes.indexOf("\r\n", at);
    if (line < 0) {
      return undefined;
    }
    const size = parseInt(bytes.toString("latin1", at, line), 16);
    if (Number.isNaN(size)) {
      throw new Error(`no chunk: ${bytes.toString("latin1", 0, 4000)}`);
    }
    const end = line + 2 + size + 2;
    if (end > bytes.length) {
      return undefined;
    }
    if (size === 0) {
      return { body, end };
    }
    body += bytes.toString("latin1", line + 2, line + 2 + size);
    at = end;
  }
}

/**
 * The first answer in `bytes`, interim ones (1xx) skipped; undefined while it is not whole.
 *
 * @param closed whether nothing more can come, which ends a body of no stated length.
 */
export function parseAnswer(bytes: Buffer, closed: boolean, isHead = false): ParsedAnswer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) {
    return undefined;
  }
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? -1);
  const start = headEnd + HEAD_END.length;
  if (status >= 100 && status < 200) {
    const next = parseAnswer(bytes.subarray(start), closed, isHead);
    return next === undefined ? undefined : { answer: next.answer, length: start + next.length };
  }
  if (isHead || status === 204 || status === 304) {
    return { answer: { status, head, body: "" }, length: start };
  }
  const stated = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (stated !== undefined) {
    const end = start + Number(stated);
    return end > bytes.length ? undefined : { answer: { status, head, body: bytes.toString("latin1", start, end) }, length: end };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const read = dechunk(bytes, start);
    return read === undefined ? undefined : { answer: { status, head, body: read.body }, length: read.end };
  }
  return closed ? { answer: { status, head, body: bytes.toString("latin1", start) }, length: bytes.length } : undefined;
}
