import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/house/**/*.test.ts"], testTimeout: 30_000 } },
      { test: { name: "conformance", include: ["test/conformance/**/*.test.ts"], testTimeout: 60_000 } },
      { test: { name: "fuzz", include: ["test/fuzz/**/*.test.ts"], testTimeout: 3_600_000 } },
      // No timeout: how long it runs is its own option.
      { test: { name: "simulation", include: ["test/simulation/**/*.test.ts"], testTimeout: 0 } },
      {
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts", "test/soak/**/*.test.ts", "test/peers/*.test.ts"],
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
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts"],
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
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // Counts, so that it may run beside others.
        test: {
          name: "guard",
          include: ["test/guard/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // One after the other and when all else is done: these measure time and memory.
        test: {
          name: "load",
          include: ["test/load/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
