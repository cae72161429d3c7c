/**
 * The admin server of a proxy, with the token for those who may change something: where it is, and how it comes to be elsewhere when
 * the configuration says so.
 *
 * The new place is opened before the old one is left. Deliberately absent: what it answers.
 */
import type { AdminOperator } from "../admin/answers.ts";
import { type AdminParts, AdminServer, type Reading } from "../admin/server.ts";
import type { AdminToken } from "../admin/token.ts";
import type { ProxyConfig } from "../config/options.ts";
import type { FigureSource } from "../ledger/figures.ts";
import { readingFor, writeTokenFor } from "./admin-tokens.ts";

export interface AdminDoorParts {
  readonly window?: AdminParts["window"];
  config(): object;
  /** The configuration can be read again; it cannot: absent. */
  readonly reload?: (() => Promise<object>) | undefined;
}

export class AdminDoor {
  private readonly source: FigureSource;
  private readonly parts: AdminDoorParts;
  private readonly onOpened: (address: AdminServer["address"]) => void;
  private config: ProxyConfig | undefined;
  private server: AdminServer | undefined;
  private token: AdminToken | undefined;

  /** @param onOpened is told where it listens, before anyone else is */
  constructor(source: FigureSource, parts: AdminDoorParts, onOpened: (address: AdminServer["address"]) => void) {
    this.source = source;
    this.parts = parts;
    this.onOpened = onOpened;
  }

  /** Where it is, and the file with the token; it is nowhere: undefined. */
  get told(): { readonly url: string; readonly isElsewhere: boolean; readonly tokenFile?: string } | undefined {
    if (this.server === undefined) return undefined;
    const { url, isElsewhere } = this.server;
    return { url, isElsewhere, ...(this.token === undefined ? {} : { tokenFile: this.token.file }) };
  }

  /** Opens what is not open yet. @throws HopwiseError; then nothing has changed */
  async prepare(config: ProxyConfig): Promise<{ commit(): void; abandon(): void }> {
    const { server, token, config: before } = this;
    const isOther = JSON.stringify(config.admin) !== JSON.stringify(before?.admin);
    const reading = config.admin === undefined ? {} : await readingFor(config);
    const next = isOther ? await this.open(config, reading) : server;
    let nextToken = token;
    const isOtherToken = isOther || config.adminTokenFile !== before?.adminTokenFile;
    try {
      if (isOtherToken) nextToken = await this.tokenFor(next, config.adminTokenFile);
    } catch (error) {
      if (isOther) next?.close();
      throw error;
    }
    const commit = () => {
      this.config = config;
      if (!isOther) server?.readAs(reading);
      this.server = next;
      this.token = nextToken;
      if (isOther) server?.leave();
      if (nextToken?.file !== token?.file) token?.forget();
    };
    const abandon = () => {
      if (isOther) next?.close();
      if (isOtherToken && nextToken?.file !== token?.file) nextToken?.forget();
    };
    return { commit, abandon };
  }

  private async open({ admin }: ProxyConfig, reading: Reading): Promise<AdminServer | undefined> {
    if (admin === undefined) return undefined;
    const { config, reload, window } = this.parts;
    const mayWrite = (given: string | undefined) => this.token?.isIn(given) === true;
    const operator: AdminOperator = { config, ...(reload === undefined ? {} : { reload, mayWrite }) };
    const server = await AdminServer.listen(admin, this.source, {
      operator,
      reading,
      ...(window === undefined ? {} : { window }),
    });
    this.onOpened(server.address);
    return server;
  }

  /** There is nothing that could be changed there: undefined. @throws HopwiseError for a file that was named and cannot be used */
  private async tokenFor(server: AdminServer | undefined, file: string | undefined): Promise<AdminToken | undefined> {
    if (server === undefined || this.parts.reload === undefined) return undefined;
    return await writeTokenFor(server, file);
  }

  close(): void {
    this.server?.close();
    this.token?.forget();
  }
}
