/**
 * Pages of an operator's own for what hopwise answers by itself: by status, or for all of a class (`5xx`).
 *
 * Programs that ask for JSON get what they would get without. Deliberately absent: pages in place of an origin's answers.
 */
import { extname, resolve } from "node:path";
import * as z from "zod";
import type { HookError, Hooks, OwnAnswer } from "../exchange/hooks.ts";
import { RETRY_AFTER_S, takesJson } from "../http1/answer-text.ts";
import { fileFault } from "./file-error.ts";
import type { Files } from "./files.ts";
import { kind } from "./option.ts";
import { formatSize, invalid, shown } from "./values.ts";

const HOW = "write { 502: FILE, 5xx: FILE }";
const KEY = /^(?:[45][0-9]{2}|[45]xx)$/;

export const errorPagesSchema = kind(
  z.record(z.string(), z.string().min(1, "it is empty: write a file's path").describe("write the path of a page")),
  HOW,
  (value): Readonly<Record<string, string>> => {
    const wrong = Object.keys(value).find((key) => !KEY.test(key));
    if (wrong !== undefined)
      throw invalid(`"${shown(wrong)}" is not a status of an error: write one like 502, or 4xx or 5xx`);
    if (Object.keys(value).length === 0) throw invalid(`it is empty: ${HOW}`);
    return value;
  },
).optional();

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".htm": "text/html; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
};
/** Each answer is written in one piece, and held for clients that do not read. */
const PAGE_BYTES_MAX = 64 * 1_024;

export interface ErrorPages {
  readonly onError: NonNullable<Hooks["onError"]>;
  /** All that they say, to be compared. */
  readonly written: string;
}

/** @param folder where paths begin @throws HopwiseError `option-invalid`, for the first that is wrong */
export function readErrorPages(written: Readonly<Record<string, string>>, folder: string, files: Files): ErrorPages {
  const pages = new Map(Object.entries(written).map(([key, file]) => [key, pageIn(resolve(folder, file), files)]));
  const onError = ({ status, accept }: HookError): OwnAnswer | undefined => {
    const page = pages.get(String(status)) ?? pages.get(`${Math.floor(status / 100)}xx`);
    if (page === undefined || (accept !== undefined && takesJson(accept))) return undefined;
    const fields = { "Content-Type": page.type, "Cache-Control": "no-store" };
    return { status, fields: status === 503 ? { ...fields, "Retry-After": RETRY_AFTER_S } : fields, body: page.text };
  };
  return { onError, written: JSON.stringify([...pages]) };
}

function pageIn(file: string, files: Files): { readonly type: string; readonly text: string } {
  const type = TYPES[extname(file).toLowerCase()];
  if (type === undefined)
    throw invalid(`${shown(file)} is not a page: write the path of one that ends in .html or .txt`);
  let text: string;
  try {
    text = files.text(file);
  } catch (error) {
    throw invalid(`${shown(file)} cannot be read (${fileFault(error, "read")}): write the path of a page`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > PAGE_BYTES_MAX) {
    throw invalid(
      `${shown(file)} has ${bytes} bytes, and a page at most ${formatSize(PAGE_BYTES_MAX)}: write a smaller one`,
    );
  }
  return { type, text };
}
