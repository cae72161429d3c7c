/** How much is fuzzed, and from which seed: short and fixed by default, longer on request. */
import { isLong } from "../../interop/support/long.ts";

function numberFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${name} must be a whole number, not "${text}"`);
  return number;
}

export const seed = numberFrom("TESTS_FUZZ_SEED", 20_261_123);
/** Inputs of the differential run, requests and responses together. */
export const inputs = numberFrom("TESTS_FUZZ_INPUTS", isLong ? 300_000 : 15_000);
/** Runs of each property; grows with the inputs. */
export const runs = Math.max(200, Math.round(inputs / 100));
/** Field lists and frames of HTTP/2. */
export const http2Inputs = numberFrom("TESTS_FUZZ_HTTP2_INPUTS", isLong ? 200_000 : 4_000);
/** Inputs of the run against nginx. */
export const nginxInputs = numberFrom("TESTS_FUZZ_NGINX_INPUTS", 3_000);
