/** What the configuration says of where to send a request. */
import { expect, it } from "vitest";
import { listenUrl } from "./config.ts";

it.each([
  [{ http: "127.0.0.1:8080" }, "http://127.0.0.1:8080"],
  [{ https: "[::1]:8443" }, "https://[::1]:8443"],
  [{ http: "0.0.0.0:80" }, "http://127.0.0.1:80"],
  [{ http: "127.0.0.1:0" }, undefined],
])("%j is reached at %s", (listener, url) => {
  expect(listenUrl({ config: { listeners: [listener] } })).toBe(url);
});

it("nothing is known of several processes", () => {
  expect(listenUrl(undefined)).toBeUndefined();
});
