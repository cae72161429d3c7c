/** Asks the admin port, and says what went wrong as a value. Deliberately absent: when, see feed.ts. */
import { lost, type Problem, problemOf, slow } from "./problems.ts";

const ANSWER_MS_MAX = 5_000;

export type Answer<Body> =
  | { readonly body: Body; readonly problem?: undefined }
  | { readonly body?: undefined; readonly problem: Problem };

/** @param path relative to the page, so that it also works behind a prefix */
export async function ask<Body>(path: string): Promise<Answer<Body>> {
  try {
    const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    if (response.ok) return { body: (await response.json()) as Body };
    return { problem: problemOf(response.status, await detailOf(response)) };
  } catch (error) {
    return { problem: error instanceof DOMException && error.name === "TimeoutError" ? slow : lost };
  }
}

async function detailOf(response: Response): Promise<string> {
  try {
    const { detail } = (await response.json()) as { detail?: unknown };
    return typeof detail === "string" ? detail : "";
  } catch {
    return "";
  }
}
