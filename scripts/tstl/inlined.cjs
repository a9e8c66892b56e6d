"use strict";

/**
 * Functions marked `@inlined` get a `...` at the end of their parameters in the emitted Lua, which nobody passes.
 *
 * LuaJIT starts to compile at a function that is called often. On the request path that must be the outermost one, so
 * that a whole request becomes one piece of compiled code; if an inner function is compiled first, everything around it
 * stops at that piece, and each of its branches falls back to the interpreter ("NYI: return to lower frame").
 * LuaJIT never starts at a vararg function, and inlines it like any other.
 */
const ts = require("typescript");
const tstl = require("typescript-to-lua");

const TAG = "inlined";

function isInlined(node) {
  return ts.getJSDocTags(node).some((tag) => tag.tagName.text === TAG);
}

function mark(expression) {
  expression.dots = tstl.createDotsLiteral();
}

function functionsOf(statements) {
  const found = [];
  for (const statement of [statements].flat()) {
    for (const value of statement.right ?? []) {
      if (tstl.isFunctionExpression(value)) {
        found.push(value);
      }
    }
  }
  return found;
}

function declaration(node, context) {
  const statements = context.superTransformStatements(node);
  if (isInlined(node)) {
    const found = functionsOf(statements);
    if (found.length !== 1) {
      throw new Error(`scripts/tstl/inlined.cjs: no function found for '${node.name?.text}'; look at the plugin again`);
    }
    mark(found[0]);
  }
  return statements;
}

function expression(node, context) {
  const value = context.superTransformExpression(node);
  if (isInlined(node)) {
    if (!tstl.isFunctionExpression(value)) {
      throw new Error("scripts/tstl/inlined.cjs: a function with properties cannot be marked");
    }
    mark(value);
  }
  return value;
}

module.exports = {
  visitors: {
    [ts.SyntaxKind.FunctionDeclaration]: declaration,
    [ts.SyntaxKind.ArrowFunction]: expression,
    [ts.SyntaxKind.FunctionExpression]: expression,
  },
};
