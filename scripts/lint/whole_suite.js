/** `it.only` hides the other tests and `it.skip` this one; both pass unseen through a green run. */
export const wholeSuite = {
  meta: { type: "problem", schema: [], messages: { partial: "'.{{name}}' leaves tests out of the run." } },
  create(context) {
    const suites = new Set(["describe", "it", "test"]);
    const left = new Set(["only", "skip", "todo", "fails"]);
    return {
      MemberExpression(node) {
        if (node.object.type === "Identifier" && suites.has(node.object.name) && left.has(node.property.name)) {
          context.report({ node, messageId: "partial", data: { name: node.property.name } });
        }
      },
    };
  },
};
