import { distance } from "fastest-levenshtein";
import type { ConfigPath } from "./problem.ts";
import { configJsonSchema } from "./schema.ts";

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly additionalProperties?: Shape | boolean;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
}

/** The likeliest of `known`, when it is near enough that a slip of the finger explains it. */
export function nearest(word: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const steps = distance(word.toLowerCase(), candidate.toLowerCase());
    if (steps < least && steps < candidate.length) [best, least] = [candidate, steps];
  }
  return best;
}

/**
 * What to do about an unknown key: the likely spelling, the part it belongs in, or else the keys there are.
 *
 * @param schema the JSON Schema of the file.
 */
export function adviceFor(path: ConfigPath, key: string, schema: object = configJsonSchema()): string {
  const root = schema as Shape;
  const known = keysAt(root, path);
  const like = nearest(key, known);
  if (like !== null) return `did you mean "${like}"?`;
  const home = homesOf(root, key, []);
  if (home.length > 0) return `it belongs in ${home.join(" or ")}`;
  return `known here: ${known.join(", ")}`;
}

function keysAt(shape: Shape, path: ConfigPath): string[] {
  const [step, ...rest] = path;
  if (shape.anyOf !== undefined) return [...new Set(shape.anyOf.flatMap((branch) => keysAt(branch, path)))];
  if (step === undefined) return Object.keys(shape.properties ?? {});
  const next = typeof step === "number" ? shape.items : (shape.properties?.[step] ?? shape.additionalProperties);
  return typeof next === "object" ? keysAt(next, rest) : [];
}

function homesOf(shape: Shape, key: string, path: readonly string[]): string[] {
  const homes = [...(shape.anyOf ?? []), ...(shape.items === undefined ? [] : [shape.items])].flatMap((part) =>
    homesOf(part, key, path),
  );
  if (typeof shape.additionalProperties === "object") homes.push(...homesOf(shape.additionalProperties, key, path));
  for (const [name, part] of Object.entries(shape.properties ?? {})) {
    if (name === key && path.length > 0) homes.push(path.join("."));
    homes.push(...homesOf(part, key, [...path, name]));
  }
  return [...new Set(homes)];
}
