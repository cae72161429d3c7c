/**
 * The JSON Schema of a report, for programs that read what `--json` prints: every kind of report keeps to it.
 *
 * Fields may be added under the same version, so a reader must not mind those that it does not know; the schema lets them pass.
 * A test holds real reports to it, and there nothing may be unknown. Deliberately absent: which values a finding has.
 */
import * as z from "zod";
import { grades, type Section, sections } from "../finding.ts";
import { REPORT_SCHEMA } from "./report.ts";

const evidence = z.object({
  connection: z
    .number()
    .describe("numbered in the order in which the examination opened them; of real traffic: its id"),
  hop: z.enum(["client", "origin"]).optional().describe("between two neighbours: which side"),
  lines: z.array(
    z.object({
      at_ms: z.number().describe("since the connection was asked for; of real traffic: since the request"),
      direction: z.enum(["sent", "received", "note"]),
      text: z.string(),
      bytes: z.number(),
    }),
  ),
});

const cap = z.object({ grade: z.enum(grades), because: z.string() });

const finding = z.object({
  id: z
    .string()
    .regex(/^HW\d{3}$/)
    .describe("stable, also when the texts change"),
  section: z.enum(Object.keys(sections) as [Section, ...Section[]]),
  claim: z.string().describe("what a healthy server does"),
  verdict: z.enum(["pass", "advice", "fail", "info", "not-measurable"]),
  measured: z.string().describe("what this one did, in one line"),
  values: z
    .record(z.string(), z.union([z.number(), z.string(), z.boolean()]))
    .describe("the figures; names end with their unit"),
  consequence: z.string().describe("what follows; nothing does: empty"),
  reference: z.string().optional().describe("where the rule stands"),
  fixes: z.array(
    z.object({
      product: z.string().describe("for everybody: any"),
      text: z.string(),
      setting: z.string().optional().describe("as it stands in a file or in code"),
    }),
  ),
  cap: cap.optional().describe("the worst that this leaves of the grade"),
  evidence: z.array(evidence),
});

const report = z.object({
  schema: z.literal(REPORT_SCHEMA),
  mode: z.enum(["server", "through", "between", "chain"]),
  doctor: z.object({ name: z.literal("hopwise-doctor"), version: z.string() }),
  target: z.string().describe("without user names, passwords and query strings"),
  product: z
    .object({
      name: z.string(),
      version: z.string().optional(),
      from: z.enum(["server-field", "told", "behaviour"]),
    })
    .optional()
    .describe("what the target seems to be"),
  startedAt: z.iso.datetime(),
  took_ms: z.number(),
  isComplete: z.boolean().describe("false: it was stopped, or its time ran out"),
  cost: z.object({ connections: z.number(), requests: z.number() }).describe("of real traffic: what passed"),
  grade: z.enum(grades),
  caps: z.array(cap.extend({ id: z.string() })).describe("what keeps the grade from being better, the worst first"),
  findings: z.array(finding),
  skipped: z.array(z.object({ id: z.string(), claim: z.string(), because: z.string() })),
});

/** @returns a JSON Schema (draft 2020-12), whose `$id` ends with the version of the report */
export function reportSchema(): object {
  const schema = z.toJSONSchema(report, { io: "input" });
  const { $schema, ...rest } = schema;
  return {
    $schema,
    $id: `urn:${REPORT_SCHEMA.replace("/", ":")}`,
    title: "Report of hopwise doctor",
    ...rest,
  };
}
