/**
 * The access log of one proxy, while there is one: opened, exchanged for another, and closed, as its configuration says.
 *
 * Deliberately absent: what a line says, see ledger/log-format.ts. Without a log nothing of it is even loaded.
 */
import { accessLogError } from "../config/file-error.ts";
import type { ProxyConfig } from "../config/options.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { AccessLog } from "../ledger/access-log.ts";
import { type ConnectionEntry, logStateText } from "../ledger/entries.ts";
import { EntryMaker } from "../ledger/entry-maker.ts";
import type { EventHub } from "../ledger/events.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { LogState } from "../ledger/line-queue.ts";
import type { LineFormat } from "../ledger/log-format.ts";

type LogConfig = Pick<ProxyConfig, "accessLog" | "logFormat" | "logsConnections">;

/** A log that is open, and not used yet. */
export interface NextLog {
  commit(): void;
  abandon(): void;
}

interface OpenLog {
  readonly lines: AccessLog;
  readonly format: LineFormat;
}

export class ProxyLog {
  private readonly ledger: Ledger;
  private readonly events: EventHub;
  private readonly make: EntryMaker;
  private log: OpenLog | undefined;
  private config: LogConfig | undefined;
  private readonly logExchange = (record: ExchangeRecord): void =>
    this.log?.lines.write(this.log.format.exchange(record));
  private readonly logConnection = (entry: ConnectionEntry): void => {
    const line = this.log?.format.connection(entry);
    if (line !== undefined) this.log?.lines.write(line);
  };

  constructor(ledger: Ledger, events: EventHub) {
    this.ledger = ledger;
    this.events = events;
    this.make = new EntryMaker(ledger.clock);
  }

  /** @throws HopwiseError `access-log-unwritable`; then nothing has changed */
  async prepare(config: LogConfig): Promise<NextLog> {
    const { accessLog, logFormat } = config;
    const isSame = accessLog === this.config?.accessLog && logFormat === this.config?.logFormat;
    const next = isSame ? this.log : await this.open(config);
    return {
      commit: () => {
        if (!isSame) void this.log?.lines.close();
        this.log = next;
        this.config = config;
        this.hear(config.logsConnections);
      },
      abandon: () => void (isSame ? undefined : next?.lines.close()),
    };
  }

  private async open({ accessLog: file, logFormat: format }: LogConfig): Promise<OpenLog | undefined> {
    if (file === undefined) return undefined;
    const { AccessLog } = await import("../ledger/access-log.ts");
    const { formatFor, formatterOf } = await import("../ledger/log-format.ts");
    const onState = (state: LogState, fault: string | undefined) => {
      const dropped = this.ledger.accessLogDropped;
      if (this.events.accessLogChanged(state, fault, dropped) || state === "writing") return;
      process.emitWarning(logStateText(state, fault, dropped));
    };
    try {
      const onDropped = (lines: number) => {
        this.ledger.accessLogDropped += lines;
      };
      const lines = await AccessLog.open({ file, onState, onDropped });
      return { lines, format: formatterOf(formatFor(format, file), file, this.make) };
    } catch (error) {
      throw accessLogError(file, error);
    }
  }

  /** As long as there is a log, and as much as it is to hear. */
  private hear(logsConnections: boolean): void {
    this.events.logTo(this.log === undefined ? undefined : this.logExchange);
    this.events.off("connection-close", this.logConnection);
    if (this.log !== undefined && logsConnections) this.events.on("connection-close", this.logConnection);
  }

  /** Opens the file anew, after it was rotated away. */
  reopen(): void {
    this.log?.lines.reopen();
  }

  async close(): Promise<void> {
    const { log } = this;
    this.log = undefined;
    this.config = undefined;
    this.hear(false);
    await log?.lines.close();
  }
}
