/** An endpoint in a process of its own, which tests kill, stop and start again, and what it has said of the requests that reached it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("origin.mjs", import.meta.url));

export class EndpointProcess {
  port = 0;
  /** Everything it has said, in order, of all its lives. */
  readonly lines: string[] = [];
  /** Where its present life begins among them. */
  private from = 0;
  private child: ChildProcess | undefined;
  private heard: (() => void)[] = [];

  /** @param hold_ms how long its first request waits */
  async start(hold_ms = 0): Promise<void> {
    this.from = this.lines.length;
    const child = spawn(process.execPath, [program, String(this.port), String(hold_ms)], {
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    this.child = child;
    createInterface({ input: child.stdout as NonNullable<ChildProcess["stdout"]> }).on("line", (line) => {
      this.lines.push(line);
      for (const tell of this.heard.splice(0)) tell();
    });
    await this.until(() => this.life.some((line) => line.startsWith("listens")));
    this.port = Number(this.life.find((line) => line.startsWith("listens"))?.split(" ")[1]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What it has said in its present life. */
  get life(): readonly string[] {
    return this.lines.slice(this.from);
  }

  /** Resolved when what it has said is as it should be. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.heard.push(resolve));
  }

  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.child?.kill(signal);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }
}
