/**
 * What a file says of a gateway beyond the options of `hopwise proxy`: listeners, groups of endpoints, and routes.
 *
 * Each option of the command line is a key of the file, too, at its top. Deliberately absent: what follows from several of these
 * together, see gateway-config.ts; what they are in detail, see
 * group-schema.ts and route-schema.ts.
 */
import * as z from "zod";
import { answerFieldsSchema } from "./answer-fields.ts";
import { errorPagesSchema } from "./error-pages.ts";
import { groupSchema } from "./group-schema.ts";
import { kind } from "./option.ts";
import { rateLimit, requestBuffers } from "./policy-schema.ts";
import { balancerNetworks } from "./proxy-protocol-options.ts";
import { routeSchema } from "./route-schema.ts";
import { proxySchema } from "./schema.ts";
import { type ListenAddress, readListenAddress } from "./values.ts";

const textOrNumber = z.union([z.string(), z.number()]);
const place = kind(textOrNumber, "write PORT or HOST:PORT", (value): ListenAddress => readListenAddress(value));
const port = z.number().int().min(1).max(65_535).describe("write a port from 1 to 65535");
const certificate = z.strictObject({
  cert: z.string().describe("write the path of a certificate in PEM, with those that issued it behind it"),
  key: z.string().describe("write the path of its private key in PEM"),
  clientCa: z
    .string()
    .describe("write the path of the certificates of those who issue certificates to clients")
    .optional(),
  clientCert: z.enum(["required", "optional"]).describe("write required or optional").optional(),
});

export const listenerSchema = z
  .strictObject({
    name: z.string().min(1, "it is empty: write a name, like web").describe("write a name, like web").optional(),
    http: place.optional(),
    https: place.optional(),
    certificates: z.array(certificate).min(1, "it is empty: write { cert: FILE, key: FILE }").optional(),
    tls: z.literal("self-signed").describe("write self-signed").optional(),
    proxyProtocol: balancerNetworks(),
    redirect: z
      .union([z.literal("https"), z.strictObject({ to: z.literal("https"), port: port.optional() })])
      .describe("write https, or { to: https, port: PORT }")
      .optional(),
  })
  .describe("write { http: HOST:PORT }, or { https: HOST:PORT, certificates: [{ cert: FILE, key: FILE }] }");

const { to, ...options } = proxySchema.shape;
export const gatewaySchema = z.strictObject({
  ...options,
  to: to.optional(),
  rateLimit: rateLimit(),
  requestBuffers: requestBuffers(),
  errorPages: errorPagesSchema,
  answerFields: answerFieldsSchema,
  listeners: z
    .array(listenerSchema)
    .min(1, "it is empty: write [{ http: 127.0.0.1:8080 }]")
    .describe("write a list")
    .optional(),
  adminTokenFile: z.string().min(1, "it is empty: write a file's path").describe("write a file's path").optional(),
  groups: z.record(z.string(), groupSchema).describe("write { NAME: { to: [URL] } }").optional(),
  routes: z.array(routeSchema).min(1, "it is empty: write [{ to: GROUP }]").describe("write a list").optional(),
});

export type GatewayValues = z.output<typeof gatewaySchema>;
export type ListenerValues = z.output<typeof listenerSchema>;
