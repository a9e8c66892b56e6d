/**
 * What a decision may ask of a request. Facts go by the names of nginx variables (`http_x_uid`, `cookie_uid`,
 * `arg_city`, `uri`), which is what the gateway reads them from; `explain` and the tests answer from a table.
 */
export interface RequestFacts {
  /** The variable's text, or undefined where the request has none (an empty one counts as none). */
  readonly variable: (this: void, name: string) => string | undefined;
  /**
   * The variable as a plain number (see core/decimal.ts), or -1 where it is none, or not known as one: then its text
   * decides. To make a text of every user's number costs more than the whole look-up.
   */
  readonly number: (this: void, name: string) => number;
  /** The client's address as text, once it is settled whose headers are believed. */
  readonly clientAddress: (this: void) => string | undefined;
}
