import Handlebars from "handlebars";
import { rawOutput, sound, templateBroken, unsound, type Checked, type TreeProblem } from "../problems.ts";
import { placeArguments } from "./place_arguments.ts";
import { helpersFor, type HelperSite } from "./template_helpers.ts";

/** A text of the tree, with its place for messages. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** Fills in the templates of one host. */
export interface TemplateFiller {
  readonly fill: (source: Source, view: object) => Checked<string>;
}

/**
 * @param partials what `{{> name}}` stands for.
 */
export function templateFiller(partials: ReadonlyMap<string, Source>, site: HelperSite): Checked<TemplateFiller> {
  const environment = Handlebars.create();
  // What a template has no business with: `log` writes to the manager's output, `lookup` and `blockHelperMissing`
  // would find what strict names do not.
  for (const name of ["log", "lookup", "blockHelperMissing"]) environment.unregisterHelper(name);
  const helpers = helpersFor(site);
  for (const [name, helper] of Object.entries(helpers)) environment.registerHelper(name, helper);
  const parse = (source: Source): Checked<hbs.AST.Program> => parseTemplate(source, new Set(Object.keys(helpers)));

  const problems: TreeProblem[] = [];
  for (const [name, source] of partials) {
    const parsed = parse(source);
    if (parsed.ok) environment.registerPartial(name, environment.compile(parsed.value, { noEscape: true, strict: true, preventIndent: true }));
    else problems.push(...parsed.problems);
  }
  if (problems.length > 0) return unsound(...problems);

  return sound({
    fill: (source, view) => {
      const parsed = parse(source);
      if (!parsed.ok) return parsed;
      try {
        const text = environment.compile(parsed.value, { noEscape: true, strict: true, preventIndent: true })(view);
        return placeArguments(source.file, text);
      } catch (error) {
        return unsound(problemOf(source.file, error));
      }
    },
  });
}

function problemOf(file: string, error: unknown): TreeProblem {
  if (error instanceof RangeError) return templateBroken(file, 0, "a partial uses itself without end");
  const { message, lineNumber } = error as { message: string; lineNumber?: number };
  const words = message.replace(/ - [0-9]+:[0-9]+$/, "").replace(/^("[^"]*") not defined in .*$/s, "there is no value $1");
  return templateBroken(file, lineNumber ?? 0, words);
}

/** Parses, and lets every `{{…}}` go through the helper that writes a value for nginx. */
function parseTemplate({ file, text }: Source, helpers: ReadonlySet<string>): Checked<hbs.AST.Program> {
  const control = /[\u0000-\u0008\u000b-\u001f\u007f]/.exec(text.replaceAll("\r\n", "\n"));
  if (control !== null) {
    return unsound(templateBroken(file, text.slice(0, control.index).split("\n").length, "there is a control character here"));
  }
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(text);
  } catch (error) {
    const [first = "", ...rest] = (error as Error).message.split("\n");
    const line = Number(/on line ([0-9]+)/.exec(first)?.[1] ?? 0);
    return unsound(templateBroken(file, line, [first, ...rest].join(" ").replace(/^Parse error on line [0-9]+: ?/, "not a template: ")));
  }
  const rewriter = new Rewriter(file, helpers);
  rewriter.accept(program);
  return rewriter.problems.length > 0 ? unsound(...rewriter.problems) : sound(program);
}

/** Handlebars is strict about a name that it prints, not about one that it hands to a helper: here about both. */
class Rewriter extends Handlebars.Visitor {
  readonly problems: TreeProblem[] = [];
  readonly #file: string;
  readonly #helpers: ReadonlySet<string>;

  constructor(file: string, helpers: ReadonlySet<string>) {
    super();
    this.#file = file;
    this.#helpers = helpers;
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    super.MustacheStatement(statement);
    const { line } = statement.loc.start;
    if (!statement.escaped) {
      this.problems.push(rawOutput(this.#file, line));
      return;
    }
    const { path, params, hash, loc } = statement;
    const name = (path as hbs.AST.PathExpression).original;
    const isCall = params.length > 0 || this.#helpers.has(name);
    const inner = isCall ? { type: "SubExpression", path, params, hash, loc } : path;
    const nameOfValue = { type: "StringLiteral", value: name, original: name, loc };
    const lineOfValue = { type: "NumberLiteral", value: line, original: line, loc };
    statement.path = { type: "PathExpression", data: false, depth: 0, parts: ["argument"], original: "argument", loc };
    statement.params = [inner, nameOfValue, lineOfValue] as hbs.AST.Expression[];
    statement.hash = { type: "Hash", pairs: [], loc };
  }

  override PathExpression(path: hbs.AST.PathExpression): void {
    if (!this.#helpers.has(path.original)) (path as { strict?: boolean }).strict = true;
  }
}
