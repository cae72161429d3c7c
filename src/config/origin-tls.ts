/**
 * What a file says of TLS towards the endpoints of a group: who must have issued their certificates, the one that hopwise shows, and the
 * name that theirs must be for.
 *
 * Deliberately absent: a way to leave a certificate unchecked. One that nobody has issued is checked by naming it as `ca`.
 */
import { resolve } from "node:path";
import * as z from "zod";
import type { OriginTls } from "../pool/origin-address.ts";
import { authoritiesIn, readPair } from "./certificate-files.ts";
import { HopwiseError } from "./error.ts";
import type { Files } from "./files.ts";
import { kind } from "./option.ts";
import { invalid, shown } from "./values.ts";

const NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/i;
const NAME_HOW = "write the name of a server, like app.example.com";
const serverName = kind(z.string(), NAME_HOW, (value): string => {
  if (!NAME.test(value) || /^[0-9.]+$/.test(value)) throw invalid(`"${shown(value)}" is not one: ${NAME_HOW}`);
  return value.toLowerCase();
});

const AUTHORITY_HOW = "write the path of the certificates, in PEM, of those who issue certificates to these endpoints";
const HOW = "write { ca: FILE }, { cert: FILE, key: FILE } or { serverName: NAME }";

export const originTlsSchema = z
  .strictObject({
    ca: z.string().min(1, `it is empty: ${AUTHORITY_HOW}`).describe(AUTHORITY_HOW).optional(),
    cert: z
      .string()
      .min(1, "it is empty: write a file's path")
      .describe("write the path of a certificate in PEM")
      .optional(),
    key: z
      .string()
      .min(1, "it is empty: write a file's path")
      .describe("write the path of its private key in PEM")
      .optional(),
    serverName: serverName.optional(),
  })
  .describe(HOW)
  .optional();

export type OriginTlsValues = NonNullable<z.output<typeof originTlsSchema>>;

/** What OriginTls says, and the same for people. */
export interface ReadOriginTls {
  readonly tls: OriginTls;
  readonly words: string;
}

/** The keys by which certificate-files.ts knows them. */
const KEYS: Readonly<Record<string, string>> = { tlsCert: "cert", tlsKey: "key" };

/** @param folder where paths begin @throws HopwiseError `option-invalid`, for the key that is wrong */
export function readOriginTls(values: OriginTlsValues, folder: string, files: Files): ReadOriginTls {
  const { ca, cert, key, serverName } = values;
  if (cert !== undefined && key === undefined) throw wrong("its key is missing: write key: FILE beside it", "cert");
  if (key !== undefined && cert === undefined)
    throw wrong("its certificate is missing: write cert: FILE beside it", "key");
  if (Object.keys(values).length === 0) throw invalid(`it says nothing: ${HOW}`);
  const words = [
    ...(serverName === undefined ? [] : [`as ${serverName}`]),
    ...(ca === undefined ? [] : [`issued by ${ca}`]),
    ...(cert === undefined ? [] : [`shows ${cert}`]),
  ];
  return {
    tls: {
      ...(serverName === undefined ? {} : { serverName }),
      ...(ca === undefined ? {} : { ca: authoritiesIn(files, resolve(folder, ca), "ca", AUTHORITY_HOW) }),
      ...(cert === undefined || key === undefined
        ? {}
        : { identity: identityIn(resolve(folder, cert), resolve(folder, key), files) }),
    },
    words: `TLS ${words.join(", ")}`,
  };
}

function identityIn(cert: string, key: string, files: Files): NonNullable<OriginTls["identity"]> {
  try {
    const pair = readPair({ cert, key }, files.readAt_ms(cert), files);
    return { cert: pair.cert, key: pair.key };
  } catch (error) {
    if (!(error instanceof HopwiseError) || error.option === undefined) throw error;
    throw new HopwiseError(error.code, error.problem, KEYS[error.option], error);
  }
}

function wrong(problem: string, key: string): HopwiseError {
  return new HopwiseError("option-invalid", problem, key);
}
