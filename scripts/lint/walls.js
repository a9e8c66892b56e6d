import { readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

/**
 * The rooms of src/ and what each may import; a room not named in `from` is closed to it. See docs/adr.
 * `packages`: whether npm packages and Node's own modules may be imported.
 */
const rooms = [
  { room: "src/dygateway/core", from: [], packages: false },
  { room: "src/dygateway/gateway", from: ["src/dygateway/core", "src/types"], packages: false },
  { room: "src/dygateway/phases", from: ["src/dygateway/core", "src/dygateway/gateway", "src/types"], packages: false },
  { room: "src/admin", from: ["src/dygateway/core", "src/dygateway/gateway", "src/types"], packages: false },
  { room: "src/diversion", from: ["src/dygateway/core", "src/dygateway/gateway", "src/types"], packages: false },
  // The legacy names: a leaf, seen only by plain Lua.
  { room: "src/lib", from: ["src/dygateway/core", "src/dygateway/gateway", "src/types"], packages: false },
  { room: "src/types", from: [], packages: false },
  { room: "src/node", from: ["src/dygateway/core"], packages: true },
];

/** Modules of the Lua platform: the compiler leaves them to Lua's `require`. */
const luaModules = JSON.parse(readFileSync(new URL("../../tstl.json", import.meta.url), "utf8")).tstl.noResolvePaths;

const roomOf = (path) => rooms.find(({ room }) => path.startsWith(`${room}/`));

function refusal(file, specifier) {
  const here = roomOf(file);
  if (here === undefined) {
    return undefined;
  }
  if (!specifier.startsWith(".")) {
    const allowed = here.packages || (here.room !== "src/dygateway/core" && luaModules.includes(specifier));
    return allowed ? undefined : `${here.room} imports no packages and no Node modules`;
  }
  const target = relative(".", resolve(dirname(file), specifier));
  if (target.startsWith(`${here.room}/`) || here.from.some((room) => target.startsWith(`${room}/`))) {
    return undefined;
  }
  return here.from.length === 0
    ? `${here.room} imports nothing outside ${here.room}`
    : `${here.room} imports only from ${here.from.join(", ")}`;
}

/** Holds the walls between the rooms, by where an import really leads and not by how it is spelled. */
export const walls = {
  meta: { type: "problem", schema: [], messages: { wall: "'{{specifier}}': {{reason}}." } },
  create(context) {
    const file = relative(context.cwd, context.filename);
    const check = (node) => {
      if (typeof node.source?.value !== "string") {
        return;
      }
      const reason = refusal(file, node.source.value);
      if (reason !== undefined) {
        context.report({ node, messageId: "wall", data: { specifier: node.source.value, reason } });
      }
    };
    return { ImportDeclaration: check, ImportExpression: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};
