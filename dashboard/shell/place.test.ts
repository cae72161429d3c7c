/** Any place in the dashboard has an address, and an address leads back to it. */
import { describe, expect, it } from "vitest";
import { fragmentOf, placeOf } from "./place.ts";

describe("a place", () => {
  it.each([
    ["#/origins", { view: "origins", path: [], query: {} }],
    [
      "#/failures/connect-failed%20ENOTFOUND/17",
      { view: "failures", path: ["connect-failed ENOTFOUND", "17"], query: {} },
    ],
    [
      "#/table/exchanges?status=5xx&host=a.example",
      { view: "table", path: ["exchanges"], query: { status: "5xx", host: "a.example" } },
    ],
  ] as const)("%s", (fragment, place) => {
    expect(placeOf(fragment)).toStrictEqual(place);
    expect(placeOf(fragmentOf(place.view, place.path, place.query))).toStrictEqual(place);
  });

  it("leaves out filters that are empty", () => {
    expect(fragmentOf("table", ["exchanges"], { status: "", host: "a" })).toBe("#/table/exchanges?host=a");
  });

  it.each(["", "#", "#/", "#/nowhere/1", "#connections"])("%j is the start page", (fragment) => {
    expect(placeOf(fragment)).toStrictEqual({ view: "connections", path: [], query: {} });
  });

  it("keeps what is not encoded properly as it is", () => {
    expect(placeOf("#/failures/100%").path).toStrictEqual(["100%"]);
  });
});
