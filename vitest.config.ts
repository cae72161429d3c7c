import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const unitTests = [
  ...["src/**/*.test.ts", "dashboard/**/*.test.ts", "test/house/**/*.test.ts", "test/story/**/*.test.ts"],
  "bench/**/*.test.mjs",
];
/** They change what modules or the runtime do, or measure it. */
const unitTestsApart = ["src/net/**/*.test.ts", "src/**/*-cost.test.ts", "test/story/**/*.test.ts"];

/** `TESTS_SOCKETS=streams`: as on a Node whose handles are not known. */
const setupFiles = process.env.TESTS_SOCKETS === "streams" ? ["test/kit/on-streams.ts"] : [];

/**
 * `npm test` has five minutes on two processors. What takes long beside what it adds is in the long form alone, which CI runs, too: what
 * checks the measure of `work`, the lab's command line (its plays are in `unit`), the command line of what `load` restarts, races of
 * which `reuse` has a part, workers, restarts, what failing disks do to a log, other programs' command lines and their help, the doctor's and
 * `top`'s command line (their words are in `unit` and `doctor`), the tool that measures each step, and figures against nginx's parser.
 */
const longOnly =
  process.env.TESTS_LONG === "1"
    ? []
    : [
        "test/load/http2-slow-clients.test.ts",
        "test/work/measure.test.ts",
        "test/cli/lab.test.ts",
        "test/cli/restart.test.ts",
        "test/cli/proxy-protocol.test.ts",
        "test/cli/run-workers.test.ts",
        "test/cli/reload-workers.test.ts",
        "test/cli/workers.test.ts",
        "test/cli/access-log-failures.test.ts",
        "test/cli/log-format.test.ts",
        "test/cli/environment.test.ts",
        "test/cli/closed-ports.test.ts",
        "test/cli/usage.test.ts",
        "test/cli/tls.test.ts",
        "test/cli/top.test.ts",
        "test/cli/doctor.test.ts",
        "test/cli/doctor-chain.test.ts",
        "test/cli/doctor-between.test.ts",
        "test/doctor/over-tls.test.ts",
        "test/doctor/through-fixes.test.ts",
        "test/doctor/through-over-tls.test.ts",
        "test/doctor/through-real-sockets.test.ts",
        "test/guard/budget.test.ts",
        "test/fuzz/nginx.test.ts",
        "test/load/restart.test.ts",
        "test/load/reload-workers.test.ts",
        "test/load/http2.test.ts",
        "test/load/idle-races.test.ts",
        "test/load/http10-keep-alive.test.ts",
        "test/load/handler-aborts.test.ts",
        "test/load/abrupt-origin.test.ts",
        "test/load/left-over.test.ts",
        "test/doctor/real-servers.test.ts",
      ];

/** Projects with few long files come first, so that at the end there is something to do for every processor. */
const projectOrder = [
  "work",
  "simulation",
  "guard",
  "load",
  "cli",
  "faults",
  "fuzz",
  "unit-apart",
  "doctor",
  "conformance",
  "unit",
];

/** A condition is waited for as long as a busy machine may take; each project says so, since they inherit nothing. */
const patient = { expect: { poll: { timeout: 20_000 } } };

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ project }: TestSpecification) => projectOrder.indexOf(project.name);
    return (await super.sort(files)).toSorted((one, other) => place(one) - place(other));
  }
}

// Nothing here measures time on the wall: what a busy machine could break is counted, or bounded so generously that only a
// failure breaks it. `work` measures processor time, which other work hardly changes (test/work/measure.ts). So all files may
// run side by side, one more than there are processors, since many of them wait.
export default defineConfig({
  test: {
    maxWorkers: availableParallelism() + 1,
    // Each project has a server of its own, which would transform every module once more.
    experimental: { fsModuleCache: true },
    sequence: { sequencer: LongFirst },
    projects: [
      // Most share nothing but the modules, which need not be loaded for each.
      {
        test: {
          ...patient,
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
      { test: { ...patient, name: "unit-apart", include: unitTestsApart, testTimeout: 30_000, pool: "threads" } },
      // Its files share nothing but the modules, which need not be loaded for each.
      {
        test: {
          ...patient,
          name: "conformance",
          isolate: false,
          include: ["test/conformance/**/*.test.ts"],
          setupFiles,
          testTimeout: 60_000,
        },
      },
      // Servers under virtual time, and small ones on real sockets.
      {
        test: {
          ...patient,
          name: "doctor",
          isolate: false,
          include: ["test/doctor/**/*.test.ts"],
          exclude: longOnly,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "fuzz",
          isolate: false,
          include: ["test/fuzz/**/*.test.ts"],
          exclude: longOnly,
          testTimeout: 3_600_000,
        },
      },
      // No timeout: how long it runs is its own option.
      { test: { ...patient, name: "simulation", include: ["test/simulation/**/*.test.ts"], testTimeout: 0 } },
      {
        test: {
          ...patient,
          name: "faults",
          isolate: false,
          setupFiles,
          include: ["test/faults/**/*.test.ts", "test/peers/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "cli",
          isolate: false,
          include: ["test/cli/**/*.test.ts"],
          exclude: longOnly,
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "interop",
          include: ["test/interop/**/*.test.ts", "test/frameworks/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "runtimes",
          include: ["test/runtimes/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "soak",
          include: ["test/soak/**/*.test.ts"],
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          ...patient,
          name: "guard",
          include: ["test/guard/**/*.test.ts"],
          exclude: longOnly,
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "work",
          include: ["test/work/**/*.test.ts"],
          exclude: longOnly,
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          server: { deps: { external: [/\/build\//] } },
        },
      },
      {
        test: {
          ...patient,
          name: "load",
          isolate: false,
          include: ["test/load/**/*.test.ts"],
          exclude: longOnly,
          globalSetup: ["test/interop/support/build.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
