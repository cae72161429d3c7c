/**
 * The long forms of the load tests: the figures of the specification in full. `npm run test:long` runs them.
 */
export const isLong = process.env.HOPWISE_LONG === "1";
