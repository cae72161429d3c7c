/** How much of something, as the value of an option: 16k, 256m, or a number of bytes. */
import * as z from "zod";
import { kind } from "./option.ts";
import { readSize_bytes } from "./values.ts";

const HOW = "write a size like 16k, or a number of bytes";

/** A new one each time: each has its own text. */
export function size(normally: string, min: number, max: number) {
  return kind(z.union([z.string(), z.number()]), HOW, (value) => readSize_bytes(value, min, max)).prefault(normally);
}
