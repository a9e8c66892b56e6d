import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import { packageRoot } from "./package_root.ts";

const environment = Handlebars.create();
environment.registerHelper("words", (words: readonly string[]) => words.join(" "));

/**
 * Fills in `templates/<name>.hbs`. Nothing is escaped here: views hold tokens, already written for the language of
 * the file. A name that the view does not have is an error, not an empty string.
 */
export function fillTemplate(name: string, view: object): string {
  const compiled = templates.get(name) ?? compile(name);
  templates.set(name, compiled);
  return compiled(view);
}

/** A cluster has a file for each VIP, all of one template. */
const templates = new Map<string, Handlebars.TemplateDelegate>();

function compile(name: string): Handlebars.TemplateDelegate {
  const source = readFileSync(join(packageRoot(), "templates", `${name}.hbs`), "utf8");
  return environment.compile(source, { noEscape: true, strict: true });
}
