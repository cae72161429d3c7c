/** What a file says of a route: which requests it takes, and what becomes of them. */
import * as z from "zod";
import { unambiguous } from "./configured-path.ts";
import { kind } from "./option.ts";
import { policyShape } from "./policy-schema.ts";
import { fieldSettings } from "./schema.ts";
import { invalid, shown } from "./values.ts";

const texts = (how: string) =>
  kind(z.union([z.string(), z.array(z.string()).readonly()]), how, (value): readonly string[] => {
    const all = [value].flat();
    if (all.length === 0 || all.includes("")) throw invalid(`it is empty: ${how}`);
    return all;
  }).optional();

const match = z.strictObject({
  host: texts("write a name like app.example.com or *.example.com"),
  path: texts("write a path like /login, /users/:id or /api/*"),
  method: texts("write a method like GET"),
  fields: z
    .record(z.string(), z.union([z.string(), z.literal(true)]))
    .describe('write { "Name": "value" }, or true for any value')
    .optional(),
});

const BEGINNING = /^\/(?:[\x21\x22\x24-\x3e\x40-\x7e]*[^/])$/;
const prefix = (how: string) =>
  kind(z.string(), how, (value): string => {
    if (!BEGINNING.test(value) || value.includes("//")) throw invalid(`"${shown(value)}" is not one: ${how}`);
    return unambiguous(value);
  }).optional();

const redirectTo = kind(z.string(), "write a path like /new, /new/* or a URL", (value): string => {
  const isPlace = /^\/(?!\/)[\x21-\x7e]*$/.test(value) || /^https?:\/\/[\x21-\x7e]+$/i.test(value);
  if (!isPlace)
    throw invalid(`"${shown(value)}" is neither a path nor a URL: write one like /new, /new/* or https://example.com/`);
  return unambiguous(value);
});

const answerFields = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .describe('write { "Name": "value" }')
  .optional();
const body = z.string().describe("write text");
const response = z
  .strictObject({
    status: z.number().int().min(200).max(599).describe("write a status from 200 to 599").default(200),
    fields: answerFields,
    body: body.optional(),
  })
  .describe('write { status: 200, body: "text" }');

export const routeSchema = z
  .strictObject({
    name: z
      .string()
      .min(1, "it is empty: write what the route is called")
      .describe("write what the route is called")
      .optional(),
    match: match.describe("write { host: NAME, path: PATH, method: METHOD }").optional(),
    to: z.string().describe("write the name of a group, or a URL").optional(),
    redirect: z
      .union([
        redirectTo,
        z.strictObject({
          to: redirectTo,
          status: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).optional(),
          fields: answerFields,
        }),
      ])
      .describe("write a path, a URL, or { to: PATH, status: 308 }")
      .optional(),
    respond: response.optional(),
    refuse: z.literal(true).describe("write true").optional(),
    stripPrefix: prefix("write the beginning of a path, like /api"),
    addPrefix: prefix("write the beginning of a path, like /v1"),
    setRequestFields: fieldSettings(),
    setResponseFields: fieldSettings(),
    ...policyShape,
  })
  .describe("write { match: { path: /api/* }, to: GROUP }");

export type RouteValues = z.output<typeof routeSchema>;
