/** `hopwise doctor --through PROXY_URL --origin-listen ADDR`: the doctor on both sides of a proxy, and its report. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { HopwiseError } from "../config/error.ts";
import { fileFault } from "../config/file-error.ts";
import { selfSigned } from "../config/self-signed.ts";
import { readListenAddress, shown } from "../config/values.ts";
import type { Progress } from "../doctor/progress.ts";
import type { Report } from "../doctor/report/report.ts";
import { drainLosesNothing } from "../doctor/through/checks/drain.ts";
import { examineThrough } from "../doctor/through/examine-through.ts";
import type { OriginPlace } from "../doctor/through/stage.ts";
import { TicketKeys } from "../net/tls/ticket-keys.ts";
import { TlsServing } from "../net/tls/tls-serving.ts";

type Flags = Readonly<Record<string, unknown>>;

/** @throws HopwiseError for wrong usage, and where nothing comes through */
export async function throughReport(
  flags: Flags,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Report> {
  const text = (name: string) => (flags[name] === undefined ? undefined : String(flags[name]));
  const texts = (name: string) => ((flags[name] ?? []) as readonly string[]).flatMap((ids) => ids.split(","));
  return await examineThrough(String(flags.through), {
    origin: originPlace(text("originListen")),
    isForward: flags.forward === true,
    isIntrusive: flags.intrusive === true,
    authorised: text("iAmAuthorised")?.toLowerCase(),
    takesAnyCertificate: flags.insecure === true,
    ca: authorities(text("ca")),
    only: texts("only"),
    skip: texts("skip"),
    product: text("product"),
    signal,
    onProgress,
    ...(flags.drain === undefined ? {} : { last: drainLosesNothing(() => runCommand(String(flags.drain))) }),
  });
}

/** What it says goes to the standard error, where news belong. */
function runCommand(command: string): void {
  spawn(command, { shell: true, stdio: ["ignore", 2, 2] }).once("error", (error) => console.error(error.message));
}

/** With `https://` in front the origin is served over TLS, with a certificate made for the occasion. */
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
