/** Where an origin's `Location` leads its client, when a route has changed the path on the way there. */
import { expect, it } from "vitest";
import { clientReference } from "./path-changes.ts";

const asked = {
  authority: "app.example.com",
  namesOrigin: (scheme: string, authority: string) =>
    `${scheme.toLowerCase()}://${authority}` === "http://10.0.0.1:3000",
};

it.each([
  // A path.
  ["/login", "/api", "", "/api/login"],
  ["/", "/api", "", "/api/"],
  // Of an origin that knows where it is.
  ["/api/login?x", "/api", "", "/api/login?x"],
  ["/api", "/api", "", "/api"],
  ["/api?x", "/api", "", "/api?x"],
  ["/apis", "/api", "", "/api/apis"],
  ["http://10.0.0.1:3000/api/login", "/api", "", "/api/login"],
  ["/api/login", "/api", "/v2", "/api/login"],
  ["/api/v2/x", "/api", "/api/v2", "/api/x"],
  ["/v2/x?y#z", "", "/v2", "/x?y#z"],
  ["/v2?y", "/api", "/v2", "/api?y"],
  ["/other", "", "/v2", "/other"],
  ["login", "/api", "", "login"],
  ["?page=2", "/api", "", "?page=2"],
  // Another host's.
  ["//cdn.example.com/x", "/api", "", "//cdn.example.com/x"],
  ["https://other.test/login", "/api", "", "https://other.test/login"],
  ["mailto:a@b", "/api", "", "mailto:a@b"],
  // What names the origin becomes a path of the site.
  ["http://10.0.0.1:3000/login?x", "/api", "", "/api/login?x"],
  ["HTTP://10.0.0.1:3000/", "/api", "", "/api/"],
  ["http://10.0.0.1:3000", "/api", "", "/api/"],
  ["http://10.0.0.1:3000?x", "/api", "", "/api/?x"],
  ["http://10.0.0.1:3000/v2/x", "/api", "/v2", "/api/x"],
  ["https://10.0.0.1:3000/x", "/api", "", "https://10.0.0.1:3000/x"],
  // Two slashes would begin another host.
  ["http://10.0.0.1:3000//evil.test/", "", "/v2", "http://10.0.0.1:3000//evil.test/"],
  ["http://10.0.0.1:3000//x", "/api", "", "/api//x"],
  // The site itself, as an origin names it that gets the client's Host.
  ["https://app.example.com/login", "/api", "", "https://app.example.com/api/login"],
  ["https://APP.example.com/login#x", "/api", "", "https://APP.example.com/api/login#x"],
  ["https://app.example.com/api/login", "/api", "", "https://app.example.com/api/login"],
  ["https://app.example.com/api", "/api", "", "https://app.example.com/api"],
  ["https://app.example.com/apis", "/api", "", "https://app.example.com/api/apis"],
  ["https://app.example.com/v2/x", "", "/v2", "https://app.example.com/x"],
])("%s, without %j and with %j: %s", (place, stripped, added, goes) => {
  expect(clientReference(place, stripped, added, asked)).toBe(goes);
});
