import { defineConfig } from "vitest/config";

/**
 * Specs that wait most of the time, for sshd, keepalived and FRR, for the next look at a dyups module, for a worker that
 * is stopped, for the log's next minute, or go on for a whole one, and that do not mind a busy machine: `make test` runs
 * them beside the unit tests.
 */
const mostlyWaiting = [
  "spec/e2e/lvs/**/*_spec.ts",
  "spec/e2e/promises/concurrent_writers_spec.ts",
  "spec/e2e/promises/long_stop_spec.ts",
  "spec/e2e/promises/redis_password_spec.ts",
  "spec/e2e/upstreams/dyups_engine_spec.ts",
];

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
          exclude: mostlyWaiting,
          // They start nginx and Redis; one file at a time keeps timings honest.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "e2e-waiting",
          globals: true,
          include: mostlyWaiting,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
