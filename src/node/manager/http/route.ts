import type { FastifyReply } from "fastify";
import type { z } from "zod";
import type { Role } from "../auth/roles.ts";

/** Who asks, once the token is known. */
export interface Caller {
  /** The token's name: `who` in the audit stream. */
  readonly name: string;
  readonly role: Role;
  /** Address and port that the request came from. */
  readonly from: string;
}

/** A request whose parts passed their schemas. */
export interface Asked<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** Header by its name in small letters; "" where there is none. */
  readonly header: (name: string) => string;
}

/** What a route answers; JSON unless `raw`. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** Bytes of another type. */
  readonly raw?: { readonly type: string; readonly content: Buffer };
}

type Schema = z.ZodType;
type Out<S extends Schema | undefined> = S extends Schema ? z.output<S> : undefined;

export interface RouteSpec<P extends Schema | undefined, Q extends Schema | undefined, B extends Schema | undefined> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As `/clusters/:cluster`, below /api/v1. */
  readonly path: string;
  /** Undefined: anybody may ask. */
  readonly role: Role | undefined;
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** What the description says of the body, where the schema leaves the checks to others. */
  readonly shownBody?: Schema;
  /** Header fields it looks at, with what they are for. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses of good answers with their schemas (null: no body) and of refusals that are its own. */
  readonly answers: Readonly<Record<number, Schema | string | null>>;
  /** An answer; or undefined, where it has taken the reply over and streams. */
  readonly handle: (asked: Asked<Out<P>, Out<Q>, Out<B>>, reply: FastifyReply) => Promise<Answer | undefined> | Answer | undefined;
}

/** A route whose types are no longer told apart: what the server and OpenAPI see. */
export interface Route extends Omit<RouteSpec<Schema | undefined, Schema | undefined, Schema | undefined>, "handle"> {
  readonly handle: (asked: Asked<unknown, unknown, unknown>, reply: FastifyReply) => Promise<Answer | undefined> | Answer | undefined;
}

/** Keeps a route's schemas and its handler in step. */
export function route<P extends Schema | undefined = undefined, Q extends Schema | undefined = undefined, B extends Schema | undefined = undefined>(
  spec: RouteSpec<P, Q, B>,
): Route {
  return spec as unknown as Route;
}
