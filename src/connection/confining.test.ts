import { expect, it } from "vitest";
import { type Confined, confine } from "./confining.ts";

class Part implements Confined {
  readonly told: unknown[] = [];

  onData(text: string, count: number): void {
    if (text === "") throw new RangeError("nothing");
    this.told.push(`${text} ${count}`);
  }

  onOther(): void {
    throw new Error("not confined");
  }

  breakDown(fault: unknown): void {
    this.told.push(fault);
  }
}

confine(Part.prototype, "onData");

it("an event goes on as it came", () => {
  const part = new Part();
  part.onData("a", 1);
  expect(part.told).toStrictEqual(["a 1"]);
});

it("a fault goes to the part in whose event it showed, and no further", () => {
  const [one, other] = [new Part(), new Part()];
  one.onData("", 1);
  other.onData("b", 2);
  expect(one.told).toStrictEqual([new RangeError("nothing")]);
  expect(other.told).toStrictEqual(["b 2"]);
});

it("only what is named is confined", () => {
  expect(() => new Part().onOther()).toThrow("not confined");
});
