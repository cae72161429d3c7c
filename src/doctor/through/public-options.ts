/** An examination of a proxy as programs and the command line write it, read into what it works with. */
import { readFileSync } from "node:fs";
import { HopwiseError } from "../../config/error.ts";
import { fileFault } from "../../config/file-error.ts";
import { selfSigned } from "../../config/self-signed.ts";
import { readListenAddress, shown } from "../../config/values.ts";
import { TicketKeys } from "../../net/tls/ticket-keys.ts";
import { TlsServing } from "../../net/tls/tls-serving.ts";
import { readIds } from "../chosen.ts";
import type { Progress } from "../progress.ts";
import type { Report } from "../report/report.ts";
import { readProduct } from "../settings.ts";
import { drainLosesNothing } from "./checks/drain.ts";
import { examineThrough as examineThroughPlace } from "./examine-through.ts";
import type { OriginPlace } from "./stage.ts";

/** Options of `examineThrough`. */
export interface ExamineThroughOptions {
  /**
   * Where the proxy sends what comes to it, as `host:port`: the doctor listens there in the place of the origin. With `https://` in
   * front it does so over TLS, with a certificate made for the occasion.
   */
  readonly originListen: string;
  /** It is a forward proxy: it is sent absolute targets. Default: `false`. */
  readonly forward?: boolean | undefined;
  /** Also sends ambiguous messages. Default: `false`. */
  readonly intrusive?: boolean | undefined;
  /** The host that may be examined with `intrusive` although its address is public. Default: none. */
  readonly authorised?: string | undefined;
  /** Takes any certificate of the proxy's. Default: `false`. */
  readonly insecure?: boolean | undefined;
  /** Path of further certificate authorities, in PEM. Default: those of the system. */
  readonly ca?: string | undefined;
  /** Ids of checks to run, or their beginnings: `HW901`, `HW9`. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Ids of checks not to run, or their beginnings. Default: none. */
  readonly skip?: readonly string[] | undefined;
  /** What it is, where its `Via` and `Server` fields do not say: `nginx`, `haproxy@2.6` ... */
  readonly product?: string | undefined;
  /** Makes the proxy drain, at the end: it is watched what is lost. Default: none. */
  readonly drain?: (() => void) | undefined;
  /** Ends the examination early: what is known by then is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Told what is going on, several times a second at most. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * Examines a proxy from both sides: the doctor is its client and its origin.
 *
 * ```ts
 * const report = await examineThrough("http://127.0.0.1:8080", { originListen: "127.0.0.1:3000" });
 * ```
 *
 * @throws HopwiseError `target-unreachable` where nothing comes through; `option-missing` and `option-invalid` for wrong options;
 * `address-in-use` where something listens at `originListen`
 */
export async function examineThrough(proxy: string | URL, options: ExamineThroughOptions): Promise<Report> {
  const { signal, onProgress, drain } = options;
  return await examineThroughPlace(String(proxy), {
    origin: originPlace(options.originListen),
    isForward: options.forward === true,
    isIntrusive: options.intrusive === true,
    authorised: options.authorised?.toLowerCase(),
    takesAnyCertificate: options.insecure === true,
    ca: authorities(options.ca),
    only: readIds("only", options.only),
    skip: readIds("skip", options.skip),
    product: readProduct(options.product),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(drain === undefined ? {} : { last: drainLosesNothing(drain) }),
  });
}

function originPlace(value: string | undefined): OriginPlace {
  if (value === undefined) {
    throw new HopwiseError(
      "option-missing",
      "write the address that the proxy sends to, where the doctor listens in the place of the origin, like 127.0.0.1:3000",
      "originListen",
    );
  }
  const [, scheme, place = value] = /^(https?):\/\/([^/]*)\/?$/i.exec(value) ?? [];
  let address: { readonly host: string; readonly port: number };
  try {
    address = readListenAddress(place);
  } catch (error) {
    if (error instanceof HopwiseError) throw new HopwiseError(error.code, error.problem, "originListen", error);
    throw error;
  }
  if (scheme?.toLowerCase() !== "https") return address;
  return { ...address, tls: new TlsServing([selfSigned([address.host], Date.now())], new TicketKeys()) };
}

function authorities(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new HopwiseError(
      "option-invalid",
      `${shown(path)} cannot be read (${fileFault(error, "read")})`,
      "ca",
      error,
    );
  }
}
