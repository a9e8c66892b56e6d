import { basename } from "node:path";

/** The file name is the Lua module name: snake_case, and no dot, which `require` would read as a directory. */
export const fileNames = {
  meta: { type: "problem", schema: [], messages: { name: "File name '{{name}}' is not snake_case." } },
  create(context) {
    const name = basename(context.filename);
    const stem = name.replace(/(\.d|\.config)?\.(ts|js)$/, "");
    return {
      Program(node) {
        if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(stem)) {
          context.report({ node, messageId: "name", data: { name } });
        }
      },
    };
  },
};
