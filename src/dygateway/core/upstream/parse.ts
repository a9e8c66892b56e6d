import { shortened } from "../json/utf8.ts";
import { lookup } from "../lookup.ts";
import type { Lookup } from "../lookup.ts";
import { failure, success } from "../result.ts";
import type { Pause, Result } from "../result.ts";
import { upstreamInvalid } from "./errors.ts";
import type { Keepalive, Upstream, UpstreamDraft } from "./model.ts";
import { emptyDraft, takes } from "./parse_directives.ts";
import type { Draft } from "./parse_directives.ts";
import { readStatement, wordReader } from "./parse_words.ts";
import type { Statement, WordReader } from "./parse_words.ts";

export type { UpstreamDraft } from "./model.ts";

const known = "server, least_conn, ip_hash, hash, random, keepalive, keepalive_timeout, keepalive_requests, check, no_check";

/** Directives that nginx knows in an upstream and that mean nothing here. */
const meaningless: Lookup<string> = lookup();
meaningless["zone"] = "workers share what they know without one";
meaningless["keepalive_time"] = "keepalive_timeout and keepalive_requests say how long a connection lives";
meaningless["include"] = "a body holds the servers themselves, no file is read";
meaningless["upstream"] = "a body is what stands between the braces";
meaningless["removed"] = "remove_upstream removes an upstream";

function unknownDirective(word: string): string {
  const why = meaningless[word];
  return why !== undefined
    ? `'${word}' is not possible in an upstream body: ${why}`
    : `unknown directive '${shortened(word, 60)}'; known: ${known}`;
}

/**
 * A consistent hash has 160 points for each unit of weight, in nginx as here: more of them take seconds to sort, and a
 * start or reload of nginx as long.
 */
const MOST_CONSISTENT_WEIGHT = 10000;

/**
 * What is wrong with an upstream as a whole, or undefined: the rules of nginx, which would not start with an
 * upstream.conf that breaks them.
 */
function upstreamProblem(upstream: Upstream): string | undefined {
  if (upstream.servers.length === 0) {
    return "it has no server; at least one 'server ADDRESS;' is expected";
  }
  if (upstream.servers.every((server) => server.backup)) {
    return "every server is a backup; at least one must not be";
  }
  if (upstream.balance.kind === "hash" && upstream.balance.consistent) {
    let total = 0;
    for (const { weight } of upstream.servers) {
      total += weight;
    }
    if (total > MOST_CONSISTENT_WEIGHT) {
      return `the weights add up to ${total}; with hash KEY consistent at most ${MOST_CONSISTENT_WEIGHT} are possible`;
    }
  }
  const { kind } = upstream.balance;
  const takesBackups = kind === "round_robin" || kind === "least_conn";
  const backup = takesBackups ? undefined : upstream.servers.find((server) => server.backup);
  return backup === undefined ? undefined : `${backup.address}: a backup server is not possible with ${kind}`;
}

function finish(draft: Draft): Result<UpstreamDraft> {
  const { servers, balance, connections, timeout, requests, check, noCheck } = draft;
  if (connections === undefined && (timeout !== undefined || requests !== undefined)) {
    return failure(upstreamInvalid(0, "keepalive_timeout and keepalive_requests need 'keepalive N;' beside them"));
  }
  const keepalive: Keepalive | undefined = connections === undefined ? undefined : { connections, timeout, requests };
  const upstream: Upstream = { servers, balance: balance ?? { kind: "round_robin" }, keepalive, check };
  const problem = upstreamProblem(upstream);
  if (problem !== undefined) {
    return failure(upstreamInvalid(0, problem));
  }
  return success(noCheck ? { ...upstream, noCheck: true } : upstream);
}

/** What is wrong with a statement before its directive is looked at, or undefined. */
function formProblem(reader: WordReader, { words, end, from }: Statement): string | undefined {
  const first = reader.text.charAt(from);
  if (first === "{" || first === "[") {
    return "JSON is no upstream body; 'server ADDRESS; server ADDRESS;' is expected";
  }
  if (reader.problem !== undefined) {
    return reader.problem;
  }
  if (end === "{") {
    return "a block is not possible in an upstream body";
  }
  if (end === "}") {
    return "an unexpected '}'; a body is what stands between the braces of an upstream";
  }
  if (words.length === 0) {
    return "a ';' without a directive";
  }
  if (reader.quoteInside) {
    return `quotes belong around a whole word: "name=a b", not name="a b"`;
  }
  return end === "" ? `a ';' is missing after '${shortened(words.join(" "), 60)}'` : undefined;
}

/** Reads statements until the text ends. @param unknown what becomes of directives that mean nothing to the gateway. */
function parseStatements(text: string, unknown: "refused" | "skipped", pause: Pause): Result<UpstreamDraft> {
  const draft = emptyDraft();
  const reader = wordReader(text, 0, pause);
  for (let statement = 1; ; statement++) {
    const read = readStatement(reader);
    const { words, end } = read;
    if (reader.problem === undefined && end === "" && words.length === 0) {
      break;
    }
    const form = formProblem(reader, read);
    if (form !== undefined) {
      return failure(upstreamInvalid(statement, form));
    }
    const take = takes[words[0]!];
    const isSkipped = take === undefined && unknown === "skipped";
    const reason = isSkipped ? undefined : take === undefined ? unknownDirective(words[0]!) : take(draft, words);
    if (reason !== undefined) {
      return failure(upstreamInvalid(statement, reason));
    }
  }
  if (reader.endsInComment && unknown === "refused") {
    const why = "a comment runs to its end: on one line, all that follows a # would be lost; end it with a line break";
    return failure(upstreamInvalid(0, why));
  }
  return finish(draft);
}

/**
 * Parses what a client sends as an upstream: the text between the braces of nginx's `upstream` block.
 *
 * @param pause is called about every tenth of a millisecond of work.
 * @returns the upstream, or what is wrong, with which statement (from 1), and what is expected.
 */
export function parseUpstreamBody(text: string, pause: Pause): Result<UpstreamDraft> {
  return parseStatements(text, "refused", pause);
}

/**
 * The same for what stands between the braces in a configuration file: directives that work in nginx and mean nothing to
 * the gateway (`zone`, `keepalive_time`) are left out.
 */
export function parseConfBody(text: string, pause: Pause): Result<UpstreamDraft> {
  return parseStatements(text, "skipped", pause);
}
