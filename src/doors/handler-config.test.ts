/** What may be written as an option of a handler, and what is said of anything else. */
import { expect, it } from "vitest";
import { createHandler, type HandlerOptions, HopwiseError } from "../index.ts";

const to = "http://127.0.0.1:3000";
const faultOf = (options: object): string => {
  try {
    createHandler(options as HandlerOptions);
  } catch (error) {
    if (error instanceof HopwiseError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "none";
};

it.each<[object, string]>([
  [{ to }, "none"],
  [{ to: [to, "unix:/run/a"], mountPath: "keep", errors: "next", body: () => "x", via: "off", poolSize: 4 }, "none"],
  // Where a proxy listens by itself, it would be its own origin.
  [{ to: "http://127.0.0.1:8080" }, "none"],
  [{}, "option-missing: to is missing: write where requests go, like http://127.0.0.1:3000"],
  [{ to, mountPath: "cut" }, "option-invalid: mountPath: write strip or keep"],
  [{ to, errors: "throw" }, "option-invalid: errors: write answer or next"],
  [{ to, body: "x" }, "option-invalid: body: write a function that is given the request, and returns its body"],
  [
    { to, keepAliveTimeout: 1 },
    "option-unknown: keepAliveTimeout: that is decided by the server that the handler is in",
  ],
  [{ to, listen: 8080 }, "option-unknown: listen: that is decided by the server that the handler is in"],
  [{ to, bodyTimout: 1 }, "option-unknown: bodyTimout: there is no such option; did you mean bodyTimeout?"],
  [{ to, onRequst: () => {} }, "option-unknown: onRequst: there is no such option; did you mean onRequest?"],
  [{ to, mountpath: "keep" }, "option-unknown: mountpath: there is no such option; did you mean mountPath?"],
  [
    { to, listn: 8080 },
    expect.stringMatching(/^option-unknown: listn: there is no such option; there are: (?!.*listen)/),
  ],
])("%j", (options, said) => {
  expect(faultOf(options)).toEqual(said);
});
