/**
 * `hopwise run`: the gateway that a file says, until a signal ends it. SIGHUP, `POST /reload` on the admin port and, with `--watch`, a
 * change of the file have it read again: what it says then is done as a whole, or not at all.
 */
import { FILE_LOOK_MS, FileWatch } from "../config/file-watch.ts";
import { SeenFiles } from "../config/files.ts";
import type { ProxyConfig } from "../config/options.ts";
import { shareOfFile } from "../config/shares.ts";
import { HopwiseProxy, type Listening, type ReloadEntry } from "../index.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import type { ExitCode } from "./exit.ts";
import { type GatewayFile, type GatewayValue, gatewayConfig, gatewayFile, placedFaults } from "./gateway-file.ts";
import { socketsFor, takeInheritedSockets } from "./inherited.ts";
import { tellNews } from "./news.ts";
import { announce, reopenLog, serve } from "./serving.ts";
import { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";
import { type Crew, type CrewOptions, runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for a file that cannot be, and when it cannot listen */
export async function runGateway(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const signals = new Signals(terminal);
  const sockets = takeInheritedSockets(terminal);
  let read: GatewayFile = await gatewayFile(flags);
  const fds = socketsFor(read.config.listeners, sockets);
  const count = workersFrom(flags);
  // The same file for as long as it runs, whatever else comes to the folder.
  const named = { ...flags, config: read.name };
  let watch: FileWatch | undefined;
  const readNamed = async (): Promise<GatewayFile> => {
    read = await gatewayFile(named);
    watch?.follow(read.files);
    return read;
  };
  const watchFor = (reload: () => void) => {
    if (flags.watch !== true) return;
    watch = new FileWatch(read.files, reload);
    setInterval(() => watch?.look(), FILE_LOOK_MS).unref();
  };
  if (count > 1) return await runCrew({ read, readNamed, watchFor, count, fds }, terminal, signals);
  const readAgain = async (): Promise<ProxyConfig> => (await readNamed()).config;
  const proxy = new HopwiseProxy(read.config, { readAgain });
  // What becomes of it is told as an event.
  const reload = () => void proxy.reloadFrom(readAgain).catch(() => {});
  watchFor(reload);
  proxy.on("reload", (entry) => tellReload(entry, read.name, terminal));
  const started = (listening: Listening) => {
    announce(listening, `by ${read.name}`, { config: read.name }, terminal);
    tellToken(listening, terminal);
    tellNews(proxy, terminal);
    signals.renews({
      reopenLogs: () => reopenLog(read.config.accessLog, () => proxy.reopenAccessLog()),
      reread: () => {
        proxy.reloadCertificates();
        reload();
        return [read.name];
      },
    });
  };
  return await serve(proxy, fds, terminal, signals, started).catch((error) => {
    throw placedFaults(error, read);
  });
}

interface CrewFile {
  readonly read: GatewayFile;
  readonly readNamed: () => Promise<GatewayFile>;
  readonly watchFor: (reload: () => void) => void;
  readonly count: number;
  readonly fds: readonly (number | undefined)[];
}

/** Several processes. The file, and those that it names, are read once: all of them are handed the same. */
async function runCrew(
  { read, readNamed, watchFor, count, fds }: CrewFile,
  terminal: Terminal,
  signals: Signals,
): Promise<ExitCode> {
  const { name } = read;
  const crew: Crew<Written> = {
    ...{ kind: "gateway", count, fds, given: givenBy(read), share: shareOfFile, rereads: [name] },
    readAgain: async () => givenBy(await readNamed()),
    onReload: (entry) => tellReload(entry, name, terminal),
    announce(listening, reload) {
      announce(listening, `by ${name}, ${count} workers`, { config: name, workers: count }, terminal);
      tellToken(listening, terminal);
      watchFor(reload);
    },
  };
  return await runWorkers(crew, terminal, signals).catch((error) => {
    throw placedFaults(error, read);
  });
}

type Written = { readonly accessLog?: string | undefined };

function givenBy({
  value,
  folder,
  seen,
  config,
  hide,
}: Pick<GatewayFile, "value" | "folder" | "seen" | "config" | "hide">): CrewOptions<Written> {
  // Which a flag may say, and that is not in the file.
  const { adminTokenFile } = config;
  const hideIn = (text: string) => hide([], text);
  const read = (said: object, certificate?: Certificate): ProxyConfig => {
    return { ...gatewayConfig({ value: said, folder, seen }, certificate), adminTokenFile, hide: hideIn };
  };
  return {
    options: value ?? {},
    read,
    handOver: (said): GatewayValue => ({ value: said, folder, seen }),
    hide: hideIn,
    refreshed() {
      try {
        // Users are read again when somebody says so.
        const users = new Set((read(value ?? {}).users ?? []).map(({ file }) => file));
        const files = new SeenFiles(Object.fromEntries(Object.entries(seen).filter(([path]) => users.has(path))));
        for (const path of Object.keys(seen)) files.text(path);
        gatewayConfig({ value, folder, seen: files.seen });
        return givenBy({ value, folder, seen: files.seen, config, hide });
      } catch {
        return undefined;
      }
    },
  };
}

/** Where those who may have the file read again can ask for it. */
function tellToken({ admin }: Listening, terminal: Terminal): void {
  if (admin?.tokenFile === undefined) return;
  terminal.say(styled("dim", `POST ${admin.url}/reload with the token in ${admin.tokenFile}`));
}

function tellReload(entry: ReloadEntry, file: string, terminal: Terminal): void {
  terminal.json(entry);
  const { outcome, version, changes, problem = "" } = entry;
  if (outcome === "applied") {
    const what = changes.length === 0 ? "nothing is otherwise" : changes.join("; ");
    return terminal.say(`${styled("green", "reloaded")} ${file} (version ${version}): ${what}`);
  }
  terminal.warn(`${styled("yellow", "not reloaded")}: version ${version} of ${file} goes on, since\n${problem}`);
}
