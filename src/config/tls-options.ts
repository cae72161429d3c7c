/**
 * The options of TLS towards clients: certificates and keys.
 *
 * Deliberately absent: reading the files, see certificate-files.ts; and which listeners they are for, see listeners.ts.
 */
import * as z from "zod";
import { kind, option } from "./option.ts";
import { invalid } from "./values.ts";

function files(how: string) {
  return kind(z.union([z.string(), z.array(z.string()).readonly()]), how, (value): readonly string[] => {
    const paths = typeof value === "string" ? [value] : value;
    if (paths.length === 0 || paths.includes("")) throw invalid(`it is empty: ${how}`);
    return paths;
  }).optional();
}

export const tlsShape = {
  tlsCert: option(files("write the path of a certificate in PEM"), {
    group: "tls",
    placeholder: "<file>",
    isList: true,
    description:
      "a certificate in PEM, with those that issued it behind it; repeatable, each with a --tls-key: clients are shown the one for " +
      "the name that they ask for, otherwise the first; read again when it changes",
    defaultText: "none",
    reason: "only the operator has them",
  }),
  tlsKey: option(files("write the path of a private key in PEM"), {
    group: "tls",
    placeholder: "<file>",
    isList: true,
    description: "the private key of the certificate at the same place in the order, in PEM, without a passphrase",
    defaultText: "none",
    reason: "only the operator has them",
  }),
  clientCa: option(files("write the path of a certificate in PEM, or none"), {
    group: "tls",
    placeholder: "<file>",
    isList: true,
    description:
      "clients show a certificate that one of these authorities (PEM) has issued; origins get it in Client-Cert (RFC 9440); once for " +
      "all names, or once for each --tls-cert in the same order, with none where nothing is asked for",
    defaultText: "none: clients are asked for no certificate",
    reason: "browsers would ask people for one",
  }),
  clientCert: option(z.enum(["required", "optional"]).prefault("required"), {
    group: "tls",
    placeholder: "<required|optional>",
    description:
      "with --client-ca: whether a client without a certificate is refused in its handshake, or served without Client-Cert",
    reason: "what is asked for is meant",
  }),
  tls: option(
    z.enum(["self-signed"]).describe("write self-signed, or name files with --tls-cert and --tls-key").optional(),
    {
      group: "tls",
      placeholder: "<self-signed>",
      description:
        "self-signed: instead of files a certificate that is made at the start, for development; clients trust it only if they are told to",
      defaultText: "the files of --tls-cert and --tls-key, if there are any",
      reason: "people should trust what they connect to",
    },
  ),
} as const;
