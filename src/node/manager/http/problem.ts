/** One thing that is wrong with a request, with its place in the body or the address. */
export interface RequestProblem {
  /** As `vip2ws[0].ports[1].sport`; "" where the whole is meant. */
  readonly path: string;
  readonly text: string;
  /** The rule that is broken, for programs. */
  readonly rule?: string | undefined;
}

/** An answer that is not what was asked for: RFC 9457's problem document, thrown by routes. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly problems: readonly RequestProblem[];
  /** More for programs, as who changed a cluster. */
  readonly more: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    title: string,
    detail: string,
    { problems = [], more = {}, headers = {} }: Partial<Pick<HttpProblem, "problems" | "more" | "headers">> = {},
  ) {
    super(detail);
    this.name = "HttpProblem";
    this.status = status;
    this.title = title;
    this.problems = problems;
    this.more = more;
    this.headers = headers;
  }

  get body(): Record<string, unknown> {
    const problems = this.problems.length === 0 ? {} : { problems: this.problems };
    return { title: this.title, status: this.status, detail: this.message, ...problems, ...this.more };
  }
}

export const problemType = "application/problem+json; charset=utf-8";

export const unauthorized = (detail: string): HttpProblem =>
  new HttpProblem(401, "Unauthorized", detail, { headers: { "WWW-Authenticate": 'Bearer realm="dygateway"' } });
export const tooManyFailures = (seconds: number): HttpProblem =>
  new HttpProblem(429, "Too Many Requests", "too many requests without a valid token; wait", {
    headers: { "Retry-After": `${seconds}` },
  });
export const forbidden = (role: string, needed: string): HttpProblem =>
  new HttpProblem(403, "Forbidden", `this needs the role ${needed}; the token has ${role}`);
export const notFound = (what: string): HttpProblem => new HttpProblem(404, "Not Found", `there is no ${what}`);
export const badRequest = (detail: string, problems: readonly RequestProblem[] = []): HttpProblem =>
  new HttpProblem(400, "Bad Request", detail, { problems });
export const refused = (detail: string, problems: readonly RequestProblem[]): HttpProblem =>
  new HttpProblem(422, "Unprocessable Content", detail, { problems });
export const conflict = (detail: string, more: Readonly<Record<string, unknown>> = {}): HttpProblem =>
  new HttpProblem(409, "Conflict", detail, { more });
export const preconditionFailed = (detail: string): HttpProblem => new HttpProblem(412, "Precondition Failed", detail);
export const preconditionRequired = (): HttpProblem =>
  new HttpProblem(428, "Precondition Required", 'say which version you change: If-Match: "<version>", as in the ETag');
export const unavailable = (detail: string): HttpProblem => new HttpProblem(503, "Service Unavailable", detail);
export const internalError = (): HttpProblem =>
  new HttpProblem(500, "Internal Server Error", "a defect of dygateway manager; its log says more");
