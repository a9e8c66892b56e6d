import type { Dice } from "../support/seeded_dice.ts";
import { firstOf, mapBlock, type Draft, type Probe } from "./draft.ts";
import { namedDraft } from "./named_drafts.ts";
import { put, requestBytes, sharedDirectives, type Facts } from "./place.ts";
import { ipRangeDraft, uidRangeDraft } from "./range_drafts.ts";
import { cityDraft, percentDraft, uidAppointDraft, uidSuffixDraft, urlDraft } from "./text_drafts.ts";

/** Every divtype, so that each stands alone in one scenario at least. */
const drafters: readonly ((dice: Dice) => Draft)[] = [
  ipRangeDraft,
  uidRangeDraft,
  uidSuffixDraft,
  uidAppointDraft,
  cityDraft,
  urlDraft,
  percentDraft,
  (dice) => namedDraft(dice, "header"),
  (dice) => namedDraft(dice, "cookie"),
  (dice) => namedDraft(dice, "arg"),
];

const MOST_LEVELS = 5;

/** A hostname with its levels. */
export interface Scenario {
  readonly host: string;
  readonly levels: readonly Draft[];
}

/** One policy of any type, as /ab_admin takes it. */
export function drawPolicy(dice: Dice): Draft["policy"] {
  return dice.pick(drafters)(dice).policy;
}

export function drawScenarios(dice: Dice, count: number): Scenario[] {
  return Array.from({ length: count }, (_, i) => {
    const host = `s${i}.test`;
    const alone = drafters[i];
    const levels = alone === undefined ? Array.from({ length: dice.between(1, MOST_LEVELS) }, () => dice.pick(drafters)(dice)) : [alone(dice)];
    return { host, levels };
  });
}

/** The http block of an nginx that answers with the upstream's name, by nginx's own directives alone. */
export function nativeHttp(scenarios: readonly Scenario[], port: number): string {
  const blocks = scenarios.map(({ host, levels }, i) => {
    const variables = levels.map((_, level) => `s${i}_l${level}`);
    const directives = levels.map((level, j) => level.directives(variables[j] ?? ""));
    return (
      directives.join("") +
      firstOf(variables.map((name) => `$${name}`), `$s${i}`) +
      mapBlock(`$s${i}`, `$s${i}_answer`, ['"" stable'], `$s${i}`) +
      `server { listen 127.0.0.1:${port}; server_name ${host}; location / { return 200 "$s${i}_answer\\n"; } }\n`
    );
  });
  return `variables_hash_max_size 65536;\nvariables_hash_bucket_size 256;\nserver_names_hash_max_size 65536;\n${sharedDirectives}${blocks.join("")}`;
}

const noise = ["0", "7", "10.0.0.1", "::1", "/a", "gray", "%", "+", "x", "1234567890", "é"];

function mutate(dice: Dice, value: string): string {
  const at = dice.below(value.length + 1);
  return value.slice(0, at) + dice.pick(noise) + value.slice(at + dice.below(2));
}

/** Every value worth sending, once, with nothing beside it that another level might take for its own. */
export function everyProbe(dice: Dice, { host, levels }: Scenario): Buffer[] {
  return levels.flatMap(({ probes }) =>
    probes.map(({ place, value }) => {
      const facts: Facts = { path: "/", headers: [], cookies: [], args: [] };
      put(facts, place, value, dice);
      return requestBytes(host, facts);
    }),
  );
}

/** A request to a scenario, mostly with values that its levels look at. */
export function drawRequest(dice: Dice, { host, levels }: Scenario): Buffer {
  const facts: Facts = { path: "/", headers: [], cookies: [], args: [] };
  for (const { probes } of levels) {
    const probe: Probe | undefined = dice.chance(80) ? dice.pick(probes) : undefined;
    if (probe !== undefined) {
      put(facts, probe.place, dice.chance(8) ? mutate(dice, probe.value) : probe.value, dice);
    }
  }
  return requestBytes(host, { ...facts, headers: dice.shuffled(facts.headers) });
}
