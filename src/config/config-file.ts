/**
 * A file with a configuration, read: its data, and where in it each value stands.
 *
 * YAML and JSON are read here; JavaScript and TypeScript are run in a process of their own, which hands over data
 * (evaluated-file.ts). Secrets are put in (`${NAME}` from the environment, `${file:PATH}` from a file). Deliberately absent: what
 * the data mean, see gateway-config.ts.
 */
import { existsSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from "yaml";
import { boundedText } from "./bounded-text.ts";
import { HopwiseError } from "./error.ts";
import { evaluatedFile } from "./evaluated-file.ts";
import { fileFault } from "./file-error.ts";
import { overlap } from "./placeholders.ts";
import { type Path, type Places, type Problem, placedProblem, problemsError } from "./problems.ts";
import { shown } from "./values.ts";

/** What is looked for in the working folder, in this order. */
export const CONFIG_FILES = ["yaml", "yml", "json", "js", "mjs", "ts", "mts"].map((kind) => `hopwise.config.${kind}`);

/** A secret that was put in. */
interface Secret {
  readonly path: Path;
  readonly text: string;
  /** Its name, as the file has it. */
  readonly written: string;
  /** It is all of the value. */
  readonly isWhole: boolean;
}

export interface ConfigFile extends Places {
  /** As it was named, or found. */
  readonly name: string;
  /** Data, with secrets put in; nothing in the place of those that are not there. */
  readonly value: unknown;
  /** Where one secret is the whole value. */
  readonly wholes: readonly Path[];
  /** Secrets that are not there. */
  readonly problems: readonly Problem[];
  /** A text about the value at `path`, with the names of secrets in their places. */
  hide(path: Path, text: string): string;
  /** It, and those whose contents were put in: what it says may change with each of them. */
  readonly files: readonly string[];
}

/** The file that a working folder has. @throws HopwiseError when it has none, or several */
export function findConfigFile(folder: string): string {
  const found = CONFIG_FILES.filter((name) => existsSync(join(folder, name)));
  if (found.length === 1) return found[0] as string;
  if (found.length > 1) {
    throw new HopwiseError("option-invalid", `there are ${found.join(" and ")}: name one of them with -c`);
  }
  throw new HopwiseError("option-missing", "write hopwise.config.yaml here, or name a file with -c");
}

/** @throws HopwiseError for what is no data; and for secrets that are not there, a line each */
export async function readConfigFile(name: string, env: NodeJS.ProcessEnv = process.env): Promise<ConfigFile> {
  const file = await readConfigData(name, env);
  if (file.problems.length > 0) throw problemsError(file.problems, file);
  return file;
}

/** The same where more may be wrong, which is to be told at once. @throws HopwiseError for what is no data */
export async function readConfigData(name: string, env: NodeJS.ProcessEnv = process.env): Promise<ConfigFile> {
  const kind = extname(name);
  if (!CONFIG_FILES.some((known) => known.endsWith(kind)) || kind === "") {
    throw new HopwiseError("option-invalid", `${name} is of no kind that is known: write .yaml, .json, .js or .ts`);
  }
  const read = /ya?ml|json/.test(kind)
    ? parsedFile(name)
    : { value: await evaluatedFile(name), placeOf: () => name, offsetOf: () => 0 };
  const nested = nestingFault(read.value);
  if (nested !== undefined) throw problemsError([nested], read);
  const [problems, found, wholes]: [Problem[], Secret[], Path[]] = [[], [], []];
  const files = [resolve(name)];
  const value = withSecrets(read.value, { folder: dirname(resolve(name)), env, problems, found, wholes, files }, []);
  const hide = (path: Path, text: string) =>
    found
      .filter((secret) => overlap(secret.path, path))
      .reduce((hidden, secret) => withoutSecret(hidden, secret), text);
  return { name, value, files, wholes, problems, hide, placeOf: read.placeOf, offsetOf: read.offsetOf };
}

/** Shorter ones stand in words of ours as well, and hide nothing that is worth hiding. */
const SECRET_MIN = 4;
/** By its beginning one is known that was cut where a message would be too long. */
const BEGINNING = 8;

function withoutSecret(message: string, { text, written, isWhole }: Secret): string {
  // Which variable says it is worth telling all the same.
  if (text.length < SECRET_MIN) return isWhole ? message.replaceAll(`"${text}"`, () => `"${written}"`) : message;
  const whole = message.replaceAll(text, () => written);
  const at = text.length < BEGINNING ? -1 : whole.indexOf(text.slice(0, BEGINNING));
  return at < 0 ? whole : whole.slice(0, at) + written + whole.slice(at).replace(/^[^"]*/, "");
}

function textOf(name: string): string {
  try {
    return boundedText(name);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "there is no such file"
        : code === "EACCES"
          ? "this user may not read it"
          : `it ${fileFault(error, "read")}`;
    throw new HopwiseError("option-invalid", `${name} cannot be read: ${why}`, undefined, error);
  }
}

function parsedFile(name: string): Pick<ConfigFile, "value" | "placeOf" | "offsetOf"> {
  const lineCounter = new LineCounter();
  // JSON is YAML, and says where its faults are.
  const document = documentOf(name, textOf(name), lineCounter);
  const place = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const told = document.errors.map(({ code, message, pos }) => ({
      at: place(pos[0]),
      message: code === "MULTIPLE_DOCS" ? "a second document begins here: write one, without ---" : message,
    }));
    const lines = told.map(({ at, message }) => `${at}: ${message}`);
    const placed = told.map(({ at, message }) => placedProblem(at, "", message));
    throw new HopwiseError("option-invalid", lines.join("\n"), undefined, undefined, placed);
  }
  try {
    const at = (path: Path) => offsetOf(document.contents, path);
    return { value: document.toJS(), placeOf: (path) => place(at(path)), offsetOf: at };
  } catch (error) {
    // Aliases that multiply.
    throw new HopwiseError("option-invalid", `${name}: ${(error as Error).message}`, undefined, error);
  }
}

function documentOf(name: string, text: string, lineCounter: LineCounter): Document.Parsed {
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  // It is read by functions that call themselves, which say that they cannot go on at every level.
  if (!document.errors.some(({ message }) => message.includes("call stack"))) return document;
  throw new HopwiseError("option-invalid", `${name}: ${NESTED}`);
}

/** No value of a configuration stands so deep. */
const DEPTH_MAX = 64;
const NESTED = `lists and maps stand in each other more than ${DEPTH_MAX} deep: leave out what is not of the configuration`;

/** The first place where data contain themselves, by an alias, or go deeper than anything should. */
function nestingFault(value: unknown, path: Path = [], above: readonly unknown[] = []): Problem | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (above.includes(value)) return { path, message: "an alias stands in what it means itself: leave it out" };
  if (path.length > DEPTH_MAX) return { path: path.slice(0, 2), message: NESTED };
  for (const [key, one] of Object.entries(value)) {
    const fault = nestingFault(one, [...path, Array.isArray(value) ? Number(key) : key], [...above, value]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Where the key of the value at `path` begins; of an entry of a list: where the entry does. */
function offsetOf(root: ParsedNode | null, path: Path): number {
  let node: Node | null = root;
  let offset = node?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: own }) => isScalar(own) && String(own.value) === String(key));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value as Node | null;
    } else if (isSeq(node)) {
      const entry = node.items[Number(key)] as Node | undefined;
      if (entry === undefined) break;
      offset = entry.range?.[0] ?? offset;
      node = entry;
    } else break;
  }
  return offset;
}

interface Secrets {
  /** Where names of files begin. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly problems: Problem[];
  readonly found: Secret[];
  readonly wholes: Path[];
  /** Those that were read. */
  readonly files: string[];
}

/** `$${` stands for itself. */
const SECRET = /\$\$\{|\$\{([^}]*)\}/g;
const WHOLE = /^\$\{[^}]*\}$/;

/** The same data with secrets in the place of their names. */
function withSecrets(value: unknown, secrets: Secrets, path: Path): unknown {
  if (typeof value === "string") {
    if (WHOLE.test(value)) secrets.wholes.push(path);
    return value.replace(SECRET, (written, name?: string) =>
      name === undefined ? "${" : secretOf(name, { path, written, isWhole: written === value }, secrets),
    );
  }
  if (Array.isArray(value)) return value.map((entry, index) => withSecrets(entry, secrets, [...path, index]));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, withSecrets(entry, secrets, [...path, key])]),
  );
}

function secretOf(name: string, place: Omit<Secret, "text">, { folder, env, problems, found, files }: Secrets): string {
  const { path, written } = place;
  const put = (text: string) => {
    found.push({ ...place, text });
    return text;
  };
  const wrong = (message: string) => {
    problems.push({ path, message });
    return "";
  };
  const [, file] = /^file:(.+)$/.exec(name) ?? [];
  if (file !== undefined) {
    files.push(resolve(folder, file));
    try {
      // Editors put a line end behind the last line.
      return put(boundedText(resolve(folder, file)).replace(/\r?\n$/, ""));
    } catch (error) {
      return wrong(`${shown(written)}: the file cannot be read (${fileFault(error, "read")})`);
    }
  }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    return wrong(
      `"${shown(written)}" names nothing: write \${NAME} or \${file:PATH}, or $\${ for the characters themselves`,
    );
  }
  const text = env[name];
  return text !== undefined
    ? put(text)
    : wrong(`there is no ${name} in the environment: set it, or write the value here`);
}
