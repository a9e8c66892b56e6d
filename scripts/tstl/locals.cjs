"use strict";

/**
 * What a module uses of its own exports, and of Lua's functions, is a local of it in the emitted Lua.
 *
 * LuaJIT takes a local that nobody changes for a constant: a call is its machine code, and nothing is looked up.
 * `____exports.f` and the global `tonumber` are looked up in tables each time, which may have changed: some 20 machine
 * instructions, on three lines of memory that nothing else of a request needs.
 */
const ts = require("typescript");
const lua = require("typescript-to-lua");

const EXPORTS = "____exports";
/** Before the name of a local where the module has something else of that name. Log lines name functions by their locals. */
const OWN = "____own_";
const KEYWORDS = new Set(["and", "elseif", "end", "goto", "local", "nil", "not", "or", "repeat", "then", "until"]);
const GLOBALS = new Set(["error", "getmetatable", "next", "pcall", "rawget", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "unpack"]);

/** Calls `visit` for a node's children, which are replaced by what it returns. */
function mapChildren(node, visit) {
  for (const [key, value] of Object.entries(node)) {
    if (key === "tsOriginal") {
      continue;
    }
    if (Array.isArray(value)) {
      value.forEach((child, i) => {
        if (isNode(child)) {
          value[i] = visit(child);
        }
      });
    } else if (isNode(value)) {
      node[key] = visit(value);
    }
  }
}

function isNode(value) {
  return typeof value === "object" && value !== null && typeof value.kind === "number";
}

/** The name of `____exports.<name>`; undefined for anything else. */
function exportedName(node) {
  const isOurs = lua.isTableIndexExpression(node) && lua.isIdentifier(node.table) && node.table.text === EXPORTS && lua.isStringLiteral(node.index);
  return isOurs ? node.index.value : undefined;
}

/** Names that are assigned more than once, or not where the module begins. */
function changingExports(file) {
  const assigned = new Map();
  const visit = (node) => {
    if (lua.isAssignmentStatement(node)) {
      for (const name of node.left.map(exportedName)) {
        assigned.set(name, (assigned.get(name) ?? 0) + (file.statements.includes(node) ? 1 : 2));
      }
    }
    mapChildren(node, visit);
    return node;
  };
  visit(file);
  return new Set([...assigned].filter(([, times]) => times > 1).map(([name]) => name));
}

/** What a local may be called that stands for an export. */
function localNames(file) {
  const taken = new Set(KEYWORDS);
  const visit = (node) => {
    if (lua.isIdentifier(node)) {
      taken.add(node.text);
    }
    mapChildren(node, visit);
    return node;
  };
  visit(file);
  return (name) => (taken.has(name) ? OWN + name : name);
}

/** Has statements use the local in the export's place. @returns how often they do. */
function useLocal(statements, name, local) {
  let uses = 0;
  const visit = (node) => {
    if (exportedName(node) === name) {
      uses++;
      return lua.createIdentifier(local);
    }
    mapChildren(node, visit);
    return node;
  };
  for (const statement of statements) {
    visit(statement);
  }
  return uses;
}

function localExports(file) {
  const changing = changingExports(file);
  const localName = localNames(file);
  const statements = [];
  file.statements.forEach((statement, i) => {
    const isExport = lua.isAssignmentStatement(statement) && statement.left.length === 1 && statement.right?.length === 1;
    const name = isExport ? exportedName(statement.left[0]) : undefined;
    if (name === undefined || changing.has(name)) {
      statements.push(statement);
      return;
    }
    const local = localName(name);
    // A function may call itself by its local; of any other value it is not there yet.
    const own = statement.right.filter(lua.isFunctionExpression);
    const uses = useLocal([...own, ...file.statements.slice(i + 1)], name, local);
    if (uses === 0) {
      statements.push(statement);
      return;
    }
    const declaration = lua.createVariableDeclarationStatement(lua.createIdentifier(local), statement.right);
    declaration.leadingComments = statement.leadingComments;
    statements.push(declaration, lua.createAssignmentStatement(statement.left, lua.createIdentifier(local)));
  });
  file.statements = statements;
}

function localGlobals(file) {
  const used = new Set();
  const declared = new Set();
  const visit = (node) => {
    if (lua.isIdentifier(node)) {
      used.add(node.text);
    }
    const names = lua.isVariableDeclarationStatement(node) ? node.left : lua.isFunctionExpression(node) ? (node.params ?? []) : lua.isForInStatement(node) ? node.names : [];
    names.forEach(({ text }) => declared.add(text));
    mapChildren(node, visit);
    return node;
  };
  visit(file);
  const wanted = [...GLOBALS].filter((name) => used.has(name) && !declared.has(name));
  const locals = wanted.map((name) => lua.createVariableDeclarationStatement(lua.createIdentifier(name), lua.createIdentifier(name)));
  file.statements.unshift(...locals);
}

module.exports = {
  visitors: {
    [ts.SyntaxKind.SourceFile]: (node, context) => {
      const [file] = context.superTransformNode(node);
      localExports(file);
      localGlobals(file);
      return file;
    },
  },
};
