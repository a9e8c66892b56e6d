import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { fileNames } from "./scripts/lint/file_names.js";
import { walls } from "./scripts/lint/walls.js";
import { wholeSuite } from "./scripts/lint/whole_suite.js";

const house = { rules: { "file-names": fileNames, walls, "whole-suite": wholeSuite } };

/** What is compiled only to Lua; core is checked with Node's types, which proves that it needs no Lua global. */
const luaSources = [
  "src/{admin,diversion,lib,types}/**/*.ts",
  "src/dygateway/{gateway,phases}/**/*.ts",
];

export default defineConfig(
  { ignores: ["lua-out/", "dist/", "build/", ".run/", "node_modules/"] },
  {
    files: ["**/*.{ts,js}"],
    plugins: { house },
    rules: {
      "house/file-names": "error",
      "house/whole-suite": "error",
      "max-lines": ["error", { max: 250 }],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-warning-comments": ["error", { terms: ["fixme", "xxx"] }],
    },
  },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: ["./tsconfig.json"], tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // 0 and "" are true in Lua: a condition says what it compares.
      "@typescript-eslint/strict-boolean-expressions": [
        "error",
        { allowString: false, allowNumber: false, allowNullableObject: false },
      ],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-explicit-any": "error",
      // `this: void` is how a function says that Lua passes it no self.
      "@typescript-eslint/no-invalid-void-type": ["error", { allowAsThisParameter: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: luaSources,
    languageOptions: { parserOptions: { project: ["./tstl.json"], tsconfigRootDir: import.meta.dirname } },
  },
  {
    // Loops over indexes within bounds, compiled to Lua: `!` costs nothing there, a check would.
    files: ["src/{dygateway,admin,diversion,lib}/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      // A plain table is Lua's map, and `delete` its way to remove.
      "@typescript-eslint/no-dynamic-delete": "off",
    },
  },
  {
    // What Lua raises is a string or, by the contract with modules of others, a table.
    files: luaSources,
    rules: { "@typescript-eslint/only-throw-error": "off" },
  },
  // Their names are stored in Redis and written in nginx configurations of today.
  { files: ["src/lib/abtesting/userinfo/*.ts"], rules: { "house/file-names": "off" } },
  { files: ["src/**/*.ts"], rules: { "house/walls": "error" } },
  {
    files: ["spec/**/*.ts"],
    rules: {
      "max-lines": ["error", { max: 400 }],
      // A test looks into parsed answers; where one has another shape, the assertion fails.
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
    },
  },
  // Declarations for the Lua specs; no program of ours contains them but spec/tstl.json.
  {
    files: ["spec/lua/**/*.d.ts"],
    languageOptions: { parserOptions: { project: ["./spec/tstl.json"], tsconfigRootDir: import.meta.dirname } },
  },
);
