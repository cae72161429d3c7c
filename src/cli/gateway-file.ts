/**
 * The file that `run`, `check` and `route` work with: the one that is named, or the one in the working folder; and over its keys
 * what variables of the environment say.
 */
import { dirname, resolve } from "node:path";
import { pathsOf } from "../config/certificate-watch.ts";
import { type ConfigFile, findConfigFile, readConfigData } from "../config/config-file.ts";
import { optionsIn, variableOf } from "../config/environment.ts";
import { allIn, HopwiseError } from "../config/error.ts";
import { type FilesSeen, SeenFiles } from "../config/files.ts";
import { readGatewayConfig } from "../config/gateway-config.ts";
import { gatewaySchema } from "../config/gateway-schema.ts";
import { ListenError } from "../config/listen-error.ts";
import type { ProxyConfig } from "../config/options.ts";
import { overlap } from "../config/placeholders.ts";
import { type Path, type Places, type Problem, problemsError } from "../config/problems.ts";
import { withKinds } from "../config/whole-secrets.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";

/** Without what follows from secrets that are not there, and without those that are. */
function judged(problems: readonly Problem[], { problems: missing, hide }: ConfigFile): readonly Problem[] {
  return problems
    .filter(({ path }) => path.length === 0 || !missing.some((secret) => overlap(secret.path, path)))
    .map(({ path, message }) => ({ path, message: hide(path, message) }));
}

/** What a process of its own makes a gateway of. */
export interface GatewayValue {
  /** What the file says, and the environment instead of it. */
  readonly value: unknown;
  /** Where names of files begin. */
  readonly folder: string;
  /** Those that it names, as they were. */
  readonly seen: FilesSeen;
}

export interface GatewayFile extends GatewayValue {
  /** As it was named, or found. */
  readonly name: string;
  /** It, and all whose contents it takes, but for certificates of listeners, which are looked at by themselves. */
  readonly files: readonly string[];
  /** The keys that the environment says. */
  readonly variables: ReadonlySet<string>;
  readonly config: ProxyConfig;
  /** A text about the value at a place, with the names of secrets where they were. */
  readonly hide: ConfigFile["hide"];
  readonly places: Places;
}

/** @throws HopwiseError with all that is wrong, each fault at its place */
export async function gatewayFile(
  { config: named, adminTokenFile }: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<GatewayFile> {
  const name = typeof named === "string" ? named : findConfigFile(process.cwd());
  const file = await readConfigData(name, env);
  const { options, problems } = optionsIn(env);
  const variables = new Set(Object.keys(options));
  const said = withKinds(file.value, file.wholes, gatewaySchema);
  const value = isMap(said) ? { ...withoutSchema(said), ...options } : said;
  const folder = dirname(resolve(name));
  const read = new SeenFiles();
  const reading = readGatewayConfig(value, folder, undefined, undefined, read);
  const all: readonly Problem[] = [...problems, ...file.problems, ...judged(reading.problems ?? [], file)];
  const byVariables = new Set([...variables, ...problems.map(({ path: [key] }) => String(key))]);
  const places = placesWith(byVariables, file);
  if (reading.config === undefined || all.length > 0) throw problemsError(all, places);
  const { hide } = file;
  const files = [...file.files, ...namedFiles(read, reading.config)];
  const own = typeof adminTokenFile === "string" ? { adminTokenFile } : {};
  const config = { ...reading.config, ...own, hide: (text: string) => hide([], text) };
  return { hide, places, name, files, folder, value, seen: read.seen, variables, config };
}

function namedFiles({ seen }: SeenFiles, { listeners }: ProxyConfig): readonly string[] {
  const watched = new Set(listeners.flatMap(({ tls }) => (tls === undefined ? [] : pathsOf(tls.files))));
  return Object.keys(seen).filter((path) => !watched.has(path));
}

/** What the machine does not give that a file asks for, at its place there. Anything else as it is. */
export function placedFaults(error: unknown, { value, places, hide }: GatewayFile): unknown {
  if (!(error instanceof HopwiseError) || error.places.length > 0) return error;
  const problems: Problem[] = [];
  for (const fault of allIn(error)) {
    const { option, problem } = fault;
    if (option === undefined) return error;
    const path = option === "listen" ? listenerPath(value, fault) : [option];
    problems.push({ path, message: hide(path, problem) });
  }
  return problemsError(problems, places);
}

function listenerPath(value: unknown, fault: HopwiseError): Path {
  const { listeners } = value as { readonly listeners?: readonly { readonly http?: unknown }[] };
  if (listeners === undefined) return ["listen"];
  const index = fault instanceof ListenError ? fault.listener : undefined;
  if (index === undefined) return ["listeners"];
  return ["listeners", index, listeners[index]?.http === undefined ? "https" : "http"];
}

/** Where editors find the schema of the file is their own business. */
function withoutSchema(value: object | null | undefined): object {
  const { $schema: _, ...rest } = (value ?? {}) as Record<string, unknown>;
  return rest;
}

/** The same read again, where it was found good. @throws HopwiseError where that cannot be in this process */
export function gatewayConfig({ value, folder, seen }: GatewayValue, certificate?: Certificate): ProxyConfig {
  const { config, problems } = readGatewayConfig(value, folder, undefined, certificate, new SeenFiles(seen));
  if (problems !== undefined) throw problemsError(problems);
  return config;
}

/** An empty file says nothing, which is a map without keys. */
function isMap(value: unknown): value is object | null | undefined {
  return value === null || value === undefined || (typeof value === "object" && !Array.isArray(value));
}

/** Places in the file, or names of variables; those come first. */
function placesWith(variables: ReadonlySet<string>, file: ConfigFile): Places {
  const isVariable = ([key]: Path) => key !== undefined && variables.has(String(key));
  return {
    isNamedBy: isVariable,
    placeOf: (path) => (isVariable(path) ? variableOf(String(path[0])) : file.placeOf(path)),
    offsetOf: (path) => (isVariable(path) ? -1 : file.offsetOf(path)),
  };
}
