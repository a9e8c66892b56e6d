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
          exclude: ["spec/e2e/lvs/**"],
          // They start nginx and Redis; one file at a time keeps timings honest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          // They start sshd, keepalived and FRR and wait for them most of the time: `make test` runs them beside the unit tests.
          name: "e2e-lvs",
          globals: true,
          include: ["spec/e2e/lvs/**/*_spec.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
