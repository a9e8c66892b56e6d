import { strategyWords } from "../../dygateway/core/admin/upstream_answers.ts";
import type { FoundUpstream } from "../../dygateway/core/store/upstream_reads.ts";
import { countServers } from "../../dygateway/core/upstream/edit_servers.ts";
import type { Server, Upstream } from "../../dygateway/core/upstream/model.ts";
import { printCheck, printKeepalive } from "../../dygateway/core/upstream/print.ts";
import type { Result } from "../../dygateway/core/result.ts";
import { printable } from "./printable.ts";
import { tableText } from "./table.ts";
import { wrapped } from "./wrap.ts";

export interface ListedUpstream {
  readonly found: FoundUpstream;
  readonly definition: Result<Upstream>;
}

/** One line for each upstream; one that cannot be read says so. */
export function upstreamTable(listed: readonly ListedUpstream[]): string {
  const rows = listed.map(({ found, definition }) => {
    if (!definition.ok) return [found.name, found.source, "?", "?", "?", definition.error.desc];
    const { primary, backup, out } = countServers(definition.value);
    return [found.name, found.source, `${primary}`, `${backup}`, `${out}`, strategyWords(definition.value)];
  });
  return tableText(["upstream", "from", "primary", "backup", "out", "strategy"], rows);
}

/** In the words of an upstream body. */
const stateWords = (server: Server): string => {
  const words = [server.out ? "out" : "", server.down ? "down" : "", server.drain ? "drain" : ""];
  return words.filter((word) => word !== "").join(", ");
};

/** An upstream with its servers, each with the id that names it in the list of primaries or backups. */
export function upstreamText(found: FoundUpstream, upstream: Upstream): string {
  const ids = { primary: 0, backup: 0 };
  const rows = upstream.servers.map((server) => {
    const kind = server.backup ? "backup" : "primary";
    const id = server.out ? "-" : `${ids[kind]++}`;
    const limits = [`${server.weight}`, `${server.maxFails}`, `${server.failTimeout}s`, server.maxConns === 0 ? "-" : `${server.maxConns}`];
    return [kind, id, server.address, ...limits, stateWords(server)];
  });
  const { keepalive, check } = upstream;
  const facts = [
    `${printable(found.name)} (from ${found.source === "redis" ? "Redis" : "upstream.conf"}): ${strategyWords(upstream)}`,
    keepalive === undefined ? "keepalive: the gateway's default" : printKeepalive(keepalive).join(" "),
    check === undefined ? "no active check" : printCheck(check),
  ];
  const headings = ["kind", "id", "server", "weight", "max_fails", "timeout", "max_conns", "state"];
  return [...facts.map((fact) => wrapped(printable(fact), 2)), tableText(headings, rows)].join("\n");
}
