import { createRequire } from "node:module";

/**
 * In the bundle, which is one ES module, dependencies written as CommonJS still ask for Node's own modules through
 * `require`. Imported first, this gives them one.
 */
Object.assign(globalThis, { require: createRequire(import.meta.url) });
