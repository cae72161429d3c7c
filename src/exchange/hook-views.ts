/**
 * Messages as hooks see them: what is asked of the table of fields, what is said goes into changes beside it.
 *
 * Deliberately absent: copying a message. One of which nothing is changed goes on as it came.
 */
import { familyOf } from "../net/address-family.ts";
import { type OriginAddress, parseOriginAddress } from "../pool/origin-address.ts";
import { CHANGED_CHARACTERS_MAX, FieldChanges, FieldError } from "../wire/field-changes.ts";
import type { FieldTable } from "../wire/fields.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import { isToken } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { ClientConnection } from "./client-connection.ts";
import { addressOf } from "./client-of.ts";
import type { ProxyContext } from "./context.ts";
import type { HookClient, HookRequest, HookResponse } from "./hooks.ts";
import { clientAuthority, clientScheme } from "./origin-references.ts";
import { checkStatus, hasBody } from "./own-answers.ts";
import { reasonPhraseOf } from "./reason-phrases.ts";
import { fieldSafe, type ToldFields, type Variable, type Variables } from "./variables.ts";

/** What a path that is sent may hold: visible ASCII without `#`, as in every target that is read. */
const PATH = /^\/[\x21\x22\x24-\x7e]*$/;

/** Methods that decide whether there is a body, or where the request goes. */
const FIXED_METHODS: ReadonlySet<string> = new Set(["HEAD", "CONNECT", "TRACE"]);

class FieldsView implements ToldFields {
  changes: FieldChanges | undefined;
  private readonly table: FieldTable;
  private readonly refuseLate: () => void;

  /** @param refuseLate throws where nothing can be changed any more @param changes what we have changed already */
  constructor(table: FieldTable, refuseLate: () => void, changes?: FieldChanges) {
    this.table = table;
    this.refuseLate = refuseLate;
    this.changes = changes;
  }

  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(", ");
  }

  getAll(name: string): string[] {
    return (this.changes ?? new FieldChanges()).valuesIn(this.table, name.toLowerCase());
  }

  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }

  set(name: string, value: string | number | readonly string[]): void {
    this.changing().set(name, value);
  }

  append(name: string, value: string | number): void {
    this.changing().append(name, value);
  }

  delete(name: string): void {
    this.changing().delete(name);
  }

  rewrite(name: string, say: (value: string) => string): void {
    const values = this.getAll(name);
    const said = values.map(say);
    if (said.some((value, index) => value !== values[index])) this.changing().replace(name, said);
  }

  tell(name: string, values: readonly string[]): void {
    this.changing().replace(name, values);
  }

  private changing(): FieldChanges {
    this.refuseLate();
    this.changes ??= new FieldChanges();
    return this.changes;
  }

  [Symbol.iterator](): Iterator<[name: string, value: string]> {
    return (this.changes ?? new FieldChanges()).entriesIn(this.table);
  }
}

export class RequestView implements HookRequest, Variables {
  readonly fields: FieldsView;
  private readonly head: RequestMessage;
  private readonly admission: Admission;
  private readonly connection: ClientConnection;
  private readonly context: ProxyContext;
  private chosenMethod: string | undefined;
  private chosenPath: string | undefined;
  private chosenOrigin: { readonly written: string; readonly address: OriginAddress } | undefined;
  private isSent = false;

  constructor(head: RequestMessage, admission: Admission, connection: ClientConnection, context: ProxyContext) {
    this.head = head;
    this.admission = admission;
    this.connection = connection;
    this.context = context;
    this.fields = new FieldsView(head.fields, () => {
      this.refuseLate();
      this.refuseOfTunnel();
    });
  }

  private refuseLate(): void {
    if (this.isSent) throw new FieldError("the request has gone on: it can be changed in onRequest only");
  }

  private get isTunnel(): boolean {
    return this.admission.target.form === "authority";
  }

  private refuseOfTunnel(): void {
    if (this.isTunnel)
      throw new FieldError("of CONNECT only the origin can be changed: nothing else that it says goes anywhere");
  }

  get method(): string {
    return this.chosenMethod ?? this.head.method;
  }

  set method(method: string) {
    this.refuseLate();
    if (method === this.method) return;
    if (typeof method !== "string" || !isToken(method)) throw new FieldError(`"${String(method)}" is not a method`);
    for (const it of [method, this.method]) {
      if (FIXED_METHODS.has(it))
        throw new FieldError(`${this.method} cannot become ${method}: ${it} decides about bodies`);
    }
    this.chosenMethod = method;
  }

  get path(): string {
    return this.chosenPath ?? this.admission.target.path;
  }

  set path(path: string) {
    this.refuseLate();
    if (path === this.path) return;
    this.setPath(path, CHANGED_CHARACTERS_MAX);
  }

  /** The same of the path that came, changed a little: it has passed the limit of its head, which is not that of hooks. */
  replacePath(path: string): void {
    this.setPath(path, Number.POSITIVE_INFINITY);
  }

  private setPath(path: string, charactersMax: number): void {
    this.refuseLate();
    this.refuseOfTunnel();
    if (typeof path !== "string" || path.length > charactersMax || !PATH.test(path)) {
      throw new FieldError(
        `"${String(path).slice(0, 100)}" is not a path: write one that begins with / and is encoded`,
      );
    }
    this.chosenPath = path;
  }

  get origin(): string | undefined {
    return this.chosenOrigin?.written;
  }

  set origin(origin: string | undefined) {
    this.refuseLate();
    if (origin === undefined) this.chosenOrigin = undefined;
    else this.chosenOrigin = { written: origin, address: this.read(origin) };
  }

  private read(origin: string): OriginAddress {
    const address = parseOriginAddress(origin);
    if (this.context.isGateway) return address;
    // Judged like one that a client has named: by the address, and by the port.
    if (address.address.kind === "unix") {
      throw new FieldError(`a forward proxy reaches no sockets of this machine: write http://HOST:PORT, not ${origin}`);
    }
    if (this.isTunnel && address.address.tls !== undefined) {
      throw new FieldError(`a tunnel carries its client's own TLS: write http://${address.authority}, not ${origin}`);
    }
    return address;
  }

  get authority(): string {
    return this.admission.target.authority;
  }

  get httpVersion(): "1.0" | "1.1" | "2.0" {
    if (this.connection.speaksHttp2 === true) return "2.0";
    return this.head.minorVersion === 0 ? "1.0" : "1.1";
  }

  get isUpgrade(): boolean {
    return this.admission.upgrade !== undefined;
  }

  get user(): string | undefined {
    return this.admission.user;
  }

  get client(): HookClient {
    const { remoteAddress: address, remotePort: port, isSecure = false } = this.connection.socket;
    return { address, port, isSecure };
  }

  /** As the client asked, whatever was changed since. */
  variable(name: Variable): string {
    const { head, connection, admission } = this;
    const { isTrusted, socket } = connection;
    switch (name) {
      case "client": {
        const address = addressOf(this.context, connection, head);
        return familyOf(address.replace(/%.*$/, "")) === 0 ? "" : address;
      }
      case "scheme":
        return clientScheme(head, isTrusted, socket.isSecure);
      case "host":
        return clientAuthority(head, isTrusted, socket.isSecure);
      case "uri":
        return admission.target.path;
      case "method":
        return head.method;
      case "user":
        return fieldSafe(admission.user ?? "");
    }
  }

  /** From now on it is as it is. @returns it as it goes on */
  send(): { readonly head: RequestMessage; readonly admission: Admission } {
    this.isSent = true;
    const { head, admission, fields, chosenMethod, chosenPath, chosenOrigin } = this;
    const hasNewStartLine = chosenMethod !== undefined || chosenPath !== undefined;
    const isChanged = hasNewStartLine || fields.changes !== undefined;
    const { minorVersion, receivedMinorVersion, target, isIrregular } = head;
    const table = head.fields;
    return {
      head: isChanged
        ? {
            method: this.method,
            ...{ target, minorVersion, receivedMinorVersion, fields: table, isIrregular },
            ...{ changes: fields.changes, hasNewStartLine },
          }
        : head,
      admission: {
        ...admission,
        ...(chosenPath === undefined ? {} : { target: { ...admission.target, path: chosenPath } }),
        ...(chosenOrigin === undefined ? {} : { origin: chosenOrigin.address }),
      },
    };
  }
}

export class ResponseView implements HookResponse {
  readonly fields: FieldsView;
  private readonly head: ResponseMessage;
  private chosenStatus: number | undefined;
  private isSent = false;

  constructor(head: ResponseMessage) {
    this.head = head;
    this.fields = new FieldsView(head.fields, () => this.refuseLate(), head.changes);
  }

  private refuseLate(): void {
    if (this.isSent) throw new FieldError("the response has gone on: it can be changed in onResponse only");
  }

  get status(): number {
    return this.chosenStatus ?? this.head.status;
  }

  set status(status: number) {
    this.refuseLate();
    if (status === this.status) return;
    checkStatus(status, 200);
    for (const it of [status, this.status]) {
      if (!hasBody(it)) throw new FieldError(`${this.status} cannot become ${status}: ${it} has no body`);
    }
    this.chosenStatus = status;
  }

  /** From now on it is as it is. @returns it as it goes on */
  send(): ResponseMessage {
    this.isSent = true;
    const { head, fields, chosenStatus } = this;
    if (chosenStatus === undefined && fields.changes === undefined) return head;
    const { minorVersion, receivedMinorVersion, isIrregular, isDoubtful } = head;
    return {
      status: this.status,
      reasonPhrase: chosenStatus === undefined ? head.reasonPhrase : reasonPhraseOf(chosenStatus),
      ...{ minorVersion, receivedMinorVersion, fields: head.fields, isIrregular, isDoubtful },
      ...{ changes: fields.changes, hasNewStartLine: chosenStatus !== undefined },
    };
  }
}
