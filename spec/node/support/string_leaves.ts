/** The part of JSON Schema that dygateway.yaml's is made of. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
}

/**
 * Every place of a document that takes a text of the writer's own: `hosts[].name`; `{}` is any key of a table, and by
 * itself the key is such a place too. A list that may be left out around a single value is not told apart from it.
 */
export function stringLeaves(schema: Schema, path = ""): string[] {
  const { anyOf = [], items, properties = {}, additionalProperties, propertyNames } = schema;
  const own = schema.type === "string" && schema.enum === undefined && schema.const === undefined ? [path] : [];
  const found = [
    ...own,
    ...anyOf.flatMap((one) => stringLeaves(one, path)),
    ...(items === undefined ? [] : stringLeaves(items, `${path}[]`)),
    ...Object.entries(properties).flatMap(([name, value]) => stringLeaves(value, path === "" ? name : `${path}.${name}`)),
    ...(propertyNames === undefined ? [] : [`${path}{}`]),
    ...(typeof additionalProperties === "object" ? stringLeaves(additionalProperties, `${path}{}=`) : []),
  ];
  return [...new Set(found.map(withoutLastList))];
}

/**
 * Where in a document a text stands, in the same words.
 *
 * @param leaves of its schema, which say what is a table with any keys.
 */
export function placesOf(document: unknown, text: string, leaves: readonly string[], path = ""): string[] {
  if (typeof document === "string") {
    return document.includes(text) ? [withoutLastList(path)] : [];
  }
  if (Array.isArray(document)) {
    return document.flatMap((item) => placesOf(item, text, leaves, `${path}[]`));
  }
  if (typeof document !== "object" || document === null) {
    return [];
  }
  return Object.entries(document).flatMap(([name, value]) => {
    const isAnyKey = leaves.includes(`${path}{}`);
    const below = isAnyKey ? `${path}{}=` : path === "" ? name : `${path}.${name}`;
    return [...(isAnyKey && name.includes(text) ? [`${path}{}`] : []), ...placesOf(value, text, leaves, below)];
  });
}

const withoutLastList = (path: string): string => path.replace(/\[\]$/, "");
