import { defineConfig } from "vitest/config";

/*
 * Specs that wait most of the time, and do not mind a busy machine: `make test` runs them beside the unit tests, these
 * two kinds beside each other.
 */
/** For sshd, keepalived and FRR. */
const lvs = ["spec/e2e/lvs/**/*_spec.ts"];
/** For the next look at a dyups module, a worker that is stopped, the log's next minute, a minute of writers. */
const waiting = [
  "spec/e2e/promises/concurrent_writers_spec.ts",
  "spec/e2e/promises/long_stop_spec.ts",
  "spec/e2e/promises/redis_password_spec.ts",
  "spec/e2e/upstreams/dyups_engine_spec.ts",
];

/** They start nginx and Redis; one file at a time keeps timings honest. */
const oneAtATime = { globals: true, fileParallelism: false, testTimeout: 60_000, hookTimeout: 120_000 };

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
      { test: { ...oneAtATime, name: "e2e", include: ["spec/e2e/**/*_spec.ts"], exclude: [...lvs, ...waiting] } },
      { test: { ...oneAtATime, name: "e2e-lvs", include: lvs } },
      { test: { ...oneAtATime, name: "e2e-waiting", include: waiting } },
    ],
  },
});
