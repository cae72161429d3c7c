import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/house/**/*.test.ts"] } },
      { test: { name: "gateway", include: ["test/gateway/**/*.test.ts"], testTimeout: 20_000 } },
      { test: { name: "interop", include: ["test/interop/**/*.test.ts"], testTimeout: 60_000 } },
    ],
  },
});
