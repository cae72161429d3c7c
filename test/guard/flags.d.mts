/** For the tests, which are type-checked. */
export const flags: readonly string[];
