/** What a file says of a group: its endpoints, and how they are chosen among and looked after. */
import * as z from "zod";
import { addressFamilies, type Balance, type HashedPart, plainBalances } from "../pool/group.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { isToken } from "../wire/octets.ts";
import { careShape } from "./health-schema.ts";
import { nearest } from "./nearest.ts";
import { kind } from "./option.ts";
import { originTlsSchema } from "./origin-tls.ts";
import { sentHeaderVersion } from "./proxy-protocol-options.ts";
import { invalid, readCount, readDuration_ms, readOrigin, shown } from "./values.ts";

const WEIGHT_HOW = "write a whole number from 0 (it gets no new requests) to 1000";
const weight = z.number().int().min(0, WEIGHT_HOW).max(1_000).describe(WEIGHT_HOW).optional();
const count = kind(z.union([z.string(), z.number()]), "write a whole number", (value) => readCount(value, 1));
const age = kind(z.union([z.string(), z.number()]), "write a duration like 500ms, 5s or 2m", (value) =>
  readDuration_ms(value, 0),
);
const url = kind(z.string(), "write the URL of an endpoint, like http://127.0.0.1:3000", readOrigin);
const ENDPOINT_HOW = "write the URL of an endpoint, or { url: URL, weight: 2 }";
const endpoint = z
  .strictObject({
    url,
    weight,
    backup: z.boolean().describe("write true or false").optional(),
    maxConnections: count.optional(),
    poolMaxAge: age.optional(),
    proxyProtocol: sentHeaderVersion(),
  })
  .describe(ENDPOINT_HOW);

const origins = kind(
  z.union([url, z.array(z.union([url, endpoint]).describe(ENDPOINT_HOW)).readonly()]),
  "write the URLs of endpoints, like http://127.0.0.1:3000",
  (value): readonly EndpointValues[] => {
    const all = [value].flat().map((one): EndpointValues => {
      const said = typeof one === "string" ? { url: one } : one;
      return { ...said, weight: said.weight ?? 1 };
    });
    if (all.length === 0) throw invalid("it is empty: write the URLs of endpoints, like http://127.0.0.1:3000");
    const names = all.map(({ url }) => parseOriginAddress(url).name);
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (twice >= 0) throw invalid(`"${shown(all[twice]?.url ?? "")}" is given twice: write each endpoint once`);
    if (all.every((one) => one.weight === 0)) {
      throw invalid("no endpoint gets requests: give one a weight of more than 0");
    }
    return all;
  },
);

const fieldName = kind(z.string(), "write the name of a field", (value) => readName(value, "a field").toLowerCase());
const cookieName = kind(z.string(), "write the name of a cookie", (value) => readName(value, "a cookie"));

function readName(name: string, what: string): string {
  if (!isToken(name)) throw invalid(`"${shown(name)}" is not the name of ${what}: write letters, digits and hyphens`);
  return name;
}

const HASH_HOW = "write client, { field: NAME } or { cookie: NAME }";
const hashed = kind(
  z.union([z.string(), z.strictObject({ field: fieldName.optional(), cookie: cookieName.optional() })]),
  HASH_HOW,
  (written): HashedPart => {
    if (written === "client") return written;
    if (typeof written === "string") throw invalid(`"${shown(written)}" cannot be hashed; ${hashHint(written)}`);
    const { field, cookie } = written;
    if (field !== undefined && cookie === undefined) return { field };
    if (cookie !== undefined && field === undefined) return { cookie };
    throw invalid(`one thing is hashed: ${HASH_HOW}`);
  },
);

function hashHint(written: string): string {
  const near = nearest(written, ["client", "field", "cookie"]);
  if (near === undefined) return HASH_HOW;
  return near === "client" ? "did you mean client?" : `did you mean { ${near}: NAME }?`;
}

/** What other programs call them. */
const OTHER_BALANCES: readonly (readonly [names: RegExp, ours: string])[] = [
  [/^(?:least[_-]?(?:conn(?:ections?)?|requests?)|bybusyness)$/i, "least-outstanding"],
  [/^(?:static-rr|rr|w(?:eighted_round_robin|rr)|byrequests)$/i, "round-robin"],
  [/^(?:random.*|p2c)$/i, "two-choices"],
  [/^(?:(?:client_)?ip_?hash|source|src)$/i, "hash"],
];

const BALANCE_HOW = `write ${plainBalances.join(", ")} or { hash: client }`;
const balance = kind(z.union([z.string(), z.strictObject({ hash: hashed })]), BALANCE_HOW, (written): Balance => {
  if (typeof written === "object") return written;
  const known = plainBalances.find((it) => it === written);
  if (known !== undefined) return known;
  const other = OTHER_BALANCES.find(([names]) => names.test(written))?.[1];
  const near = other ?? nearest(written, [...plainBalances, "hash"]);
  const meant = near === "hash" ? "{ hash: client }" : near;
  const hint = meant === undefined ? BALANCE_HOW : `did you mean ${meant}?`;
  throw invalid(`"${shown(written)}" is not a kind of balance; ${hint}`);
}).optional();

const sticky = kind(
  z.union([z.boolean(), z.strictObject({ cookie: cookieName })]),
  "write true, or { cookie: NAME }",
  (written) => written,
).optional();

/** Shorter would tell nothing: the system's answers count for as long as that (net/resolving.ts). */
const LOOKUP_MS_MIN = 5_000;
const RESOLVE_HOW = "write true, or { interval: 30s }";
const resolve = kind(
  z.union([
    z.boolean(),
    z.strictObject({
      interval: kind(z.union([z.string(), z.number()]), "write a duration like 30s or 2m", (value) =>
        readDuration_ms(value, LOOKUP_MS_MIN),
      ).optional(),
      family: z.enum(addressFamilies).describe("write ipv4, ipv6 or both").optional(),
    }),
  ]),
  RESOLVE_HOW,
  (written) => written,
).optional();

export const groupSchema = z
  .strictObject({
    to: origins,
    balance,
    sticky,
    resolve,
    tls: originTlsSchema,
    proxyProtocol: sentHeaderVersion(),
    ...careShape,
  })
  .describe("write { to: [URL, URL] }");

/** An endpoint as it was read. */
export type EndpointValues = z.output<typeof endpoint> & { readonly weight: number };
export type GroupValues = z.output<typeof groupSchema>;
