/** One name for a connection everywhere: what a person reads in one place is found in another. */
import { expect, it } from "vitest";
import { keyOf } from "../../dashboard/feed/api-types.ts";
import { numberOf, shortName } from "../../dashboard/model/story.ts";
import { firstId } from "../workers/protocol.ts";
import { idAsked, idText } from "./id-text.ts";

it("of one process it is its number", () => {
  expect([idText(7), keyOf({ id: 7 }), shortName({ id: 7, worker: undefined })]).toEqual(["7", "7", "7"]);
  expect(numberOf({ id: 7, worker: undefined })).toBe("connection 7");
});

it("of several, the worker's number and its own, which both fit into a lane's label", () => {
  const id = firstId(3) + 6;
  expect([idText(id), keyOf({ id, worker: 3 }), shortName({ id, worker: 3 })]).toEqual(["3.7", "3.7", "3.7"]);
  expect(numberOf({ id, worker: 3 })).toBe("connection 7 of worker 3");
});

it.each(["#3.7", "3.7", " 3.7 ", "3000000000007", "#3000000000007"])("%j is asked for", (text) => {
  expect(idAsked(text)).toBe("3.7");
});

it("what is no id is left as it is", () => {
  expect(["#12", "nobody", ""].map(idAsked)).toEqual(["12", "nobody", ""]);
});
