import type { NodeStatus } from "./node_status.ts";
import { printable } from "./printable.ts";

/** What is wrong with a node's dynamic upstreams. */
export function upstreamProblems({ upstreams }: NodeStatus): string[] {
  if (upstreams === null || upstreams === undefined) return [];
  const { problem, broken, broken_count: count, conf, dyups } = upstreams;
  const lines = broken.map(({ name, reason, last_good_served: served }) => {
    const instead = served ? "the last good definition is served" : "nothing is served for it";
    return `  ${printable(`${name}: ${reason}`)} (${instead})`;
  });
  const rest = count - broken.length;
  return [
    ...(problem === "" ? [] : [`dynamic upstreams: ${printable(problem)}`]),
    ...(count === 0 ? [] : [`${count} ${count === 1 ? "upstream is" : "upstreams are"} not as Redis has ${count === 1 ? "it" : "them"}`]),
    ...lines,
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
    ...(conf === null || conf.problem === "" ? [] : [`upstream.conf is not written: ${printable(conf.problem)}`]),
    ...(dyups === null || dyups.problem === "" ? [] : [`the dyups module cannot be driven: ${printable(dyups.problem)}`]),
  ];
}

/** One line of facts; undefined where there is nothing to say. */
export function upstreamFacts({ upstreams }: NodeStatus): string | undefined {
  if (upstreams === null || upstreams === undefined) return undefined;
  const { count, engine, conf, dyups } = upstreams;
  const written = conf === null ? "" : conf.written_by === "operator" ? ", upstream.conf is the operator's" : writtenAt(conf.revision);
  const module = dyups === null ? "" : dyups.in_step ? ", the module is in step" : ", the module is NOT in step";
  return `${count} dynamic (${printable(engine)})${written}${module}`;
}

const writtenAt = (revision: number | null): string =>
  revision === null ? ", upstream.conf not written" : `, upstream.conf of revision ${revision}`;
