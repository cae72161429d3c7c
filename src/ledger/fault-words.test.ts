/** What an origin's failure is called in a terminal: the system's word, by which logs are searched, and what it means. */
import { connect } from "node:net";
import { expect, it } from "vitest";
import { freePort } from "../../test/interop/support/listening.ts";
import { explainedFault } from "./fault-words.ts";

it("the word that the system has for a port where nobody listens is explained", async () => {
  const port = await freePort();
  const fault = await new Promise<string>((resolve) => {
    connect(port, "127.0.0.1").once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
  expect(explainedFault(fault)).toBe("ECONNREFUSED, nothing listens there");
});

it("a word that is not known is told as it is", () => {
  expect(explainedFault("EWHATEVER")).toBe("EWHATEVER");
});
