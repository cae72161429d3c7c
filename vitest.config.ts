import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const unitTests = ["src/**/*.test.ts", "test/house/**/*.test.ts", "test/story/**/*.test.ts", "bench/**/*.test.mjs"];
/** They change what modules or the runtime do, or measure it. */
const unitTestsApart = ["src/net/**/*.test.ts", "src/**/*-cost.test.ts", "test/story/**/*.test.ts"];

/** `HOPWISE_TESTS_SOCKETS=streams`: as on a Node whose handles are not known. */
const setupFiles = process.env.HOPWISE_TESTS_SOCKETS === "streams" ? ["test/kit/on-streams.ts"] : [];

// Nothing here measures time on the wall: what a busy machine could break is counted, or bounded so generously that only a
// failure breaks it. `work` measures processor time, which other work hardly changes (test/work/measure.ts). So all files may
// run side by side, one more than there are processors, since many of them wait.
export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1,
    projects: [
      // Most share nothing but the modules, which need not be loaded for each.
      {
        test: {
          name: "unit",
          isolate: false,
          include: unitTests,
          // Packages that the bench compares with bring tests of their own.
          exclude: [...unitTestsApart, "**/node_modules/**"],
          testTimeout: 30_000,
          // They start in less time than processes.
          pool: "threads",
        },
      },
      { test: { name: "unit-apart", include: unitTestsApart, testTimeout: 30_000, pool: "threads" } },
      // Its files share nothing but the modules, which need not be loaded for each.
      {
        test: {
          name: "conformance",
          isolate: false,
          include: ["test/conformance/**/*.test.ts"],
          setupFiles,
          testTimeout: 60_000,
        },
      },
      { test: { name: "fuzz", include: ["test/fuzz/**/*.test.ts"], testTimeout: 3_600_000 } },
      // No timeout: how long it runs is its own option.
      { test: { name: "simulation", include: ["test/simulation/**/*.test.ts"], testTimeout: 0 } },
      {
        test: {
          name: "faults",
          setupFiles,
          include: ["test/faults/**/*.test.ts", "test/peers/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "cli",
          include: ["test/cli/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts", "test/frameworks/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "runtimes",
          include: ["test/runtimes/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "soak",
          include: ["test/soak/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "guard",
          include: ["test/guard/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "work",
          include: ["test/work/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          server: { deps: { external: [/\/build\//] } },
        },
      },
      {
        test: {
          name: "load",
          include: ["test/load/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
