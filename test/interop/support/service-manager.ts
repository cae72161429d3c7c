/**
 * What a service manager does for a service with a socket of its own: it holds the listening socket, and hands it to each
 * process that it starts, by systemd's convention (LISTEN_FDS, LISTEN_PID).
 *
 * A shell holds the socket and does not accept from it; a socket of `node:net` would. Deliberately absent: systemd.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./waiting.ts";

const cliPath = process.env.TESTS_CLI ?? fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const runtime = process.env.TESTS_RUNTIME ?? process.execPath;

export interface Generation {
  readonly pid: number;
  /** The line that says where it listens. */
  readonly listening: { readonly port: number; readonly inherited: boolean; readonly admin: string };
  /** Settled when it has ended: what its drain cut. */
  readonly ended: () => Promise<number>;
}

interface Told {
  readonly type: string;
  readonly state?: string;
  readonly cut: number;
  readonly pid: number;
}

export class ServiceManager {
  readonly port: number;
  private readonly shell: ChildProcess;
  private readonly told = new Map<string, Told[]>();
  private count = 0;
  /** What all of them said on the standard error. */
  said = "";

  private constructor(shell: ChildProcess, port: number) {
    this.shell = shell;
    this.port = port;
    shell.stderr?.on("data", (octets: Buffer) => {
      this.said += octets.toString();
    });
    if (shell.stdout === null) throw new Error("the shell has a standard output");
    createInterface({ input: shell.stdout }).on("line", (line) => {
      const [, name = "", text = "{}"] = /^(\d+) (.*)$/.exec(line) ?? [];
      this.told.set(name, [...(this.told.get(name) ?? []), JSON.parse(text) as Told]);
    });
  }

  static async start(): Promise<ServiceManager> {
    const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 511 });
    await once(server, "listening");
    const { fd } = (server as Server & { readonly _handle: { readonly fd: number } })._handle;
    const { port } = server.address() as AddressInfo;
    const shell = spawn("sh", ["-c", 'while read -r line; do sh -c "$line" & done; wait'], {
      stdio: ["pipe", "pipe", "pipe", fd],
    });
    server.close();
    return new ServiceManager(shell, port);
  }

  /** Starts a process with the socket, and waits until it listens. */
  async run(...args: readonly string[]): Promise<Generation> {
    const name = String(++this.count);
    const command = `LISTEN_FDS=1 LISTEN_PID=$$ exec ${runtime} ${cliPath} ${args.join(" ")} --json --admin 127.0.0.1:0`;
    // The name is put before each of its lines; the shell that does so is the one that ends last.
    const inner = `echo "{\\"type\\":\\"pid\\",\\"pid\\":$$}"; ${command}`;
    this.shell.stdin?.write(
      `(sh -c '${inner}' | while read -r told; do echo "${name} $told"; done); echo '${name} {"type":"gone"}'\n`,
    );
    const find = (type: string, state?: string) =>
      this.told.get(name)?.find((told) => told.type === type && (state === undefined || told.state === state));
    await until(`generation ${name} listens`, () => find("listening") !== undefined || find("gone") !== undefined);
    const listening = find("listening");
    if (listening === undefined) throw new Error(`it did not start: ${this.said}`);
    const ended = async () => {
      await until(`generation ${name} has ended`, () => find("gone") !== undefined);
      return find("drain", "ended")?.cut ?? Number.NaN;
    };
    return { pid: find("pid")?.pid ?? 0, listening: listening as unknown as Generation["listening"], ended };
  }

  stop(): void {
    for (const told of this.told.values()) {
      const pid = told.find(({ type }) => type === "pid")?.pid;
      if (pid !== undefined && !told.some(({ type }) => type === "gone")) process.kill(pid, "SIGKILL");
    }
    this.shell.stdin?.end();
  }
}
