/**
 * The long forms of tests: larger loads, more seeds and inputs. `npm run test:all` runs them.
 */
export const isLong = process.env.TESTS_LONG === "1";
