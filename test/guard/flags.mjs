/** How Node runs for exchanges.mjs: nothing is compiled beside, and nothing is collected while it counts. */
export const flags = ["--expose-gc", "--single-threaded", "--min-semi-space-size=256", "--max-semi-space-size=256"];
