import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    // Two cores are what the smallest CI machine has.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          globals: true,
          include: ["spec/{core,node,tooling}/**/*_spec.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          globals: true,
          include: ["spec/e2e/**/*_spec.ts"],
          // They start nginx and Redis; one file at a time keeps timings honest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
