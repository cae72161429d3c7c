/**
 * Why a message is refused: the closed list of everything the wire room says no to.
 *
 * A refusal is a value, never an exception: malformed input is the normal business of a parser that faces the
 * internet. Deliberately absent: what is done about a refusal. A request is answered with `status` and its connection
 * closed; a response always becomes 502 and its connection is closed (RFC 9112 section 6.3). The proxy room decides.
 */

interface RefusalMeaning {
  /** The status a server answers with when the refused message is a request. */
  readonly status: 400 | 414 | 431 | 501 | 505;
  /** One sentence for the sender: what was wrong and what to do. It never repeats the offending bytes. */
  readonly text: string;
  /** The same where a response is refused, and that would be said otherwise. */
  readonly ofResponse?: string;
}

const meanings = {
  "request-line-malformed": {
    status: 400,
    text: "The request-line must be: method SP request-target SP HTTP-version (RFC 9112 section 3).",
  },
  "tls-on-plain-port": {
    status: 400,
    text: "This port speaks plain HTTP and got TLS: use http:// here, or the port that speaks TLS.",
    ofResponse: "The origin's port speaks TLS, and was asked in plain HTTP: write its address with https://.",
  },
  "http2-on-http1-port": {
    status: 505,
    text: "This port speaks HTTP/1.1 and got HTTP/2: let the client use HTTP/1.1.",
    ofResponse:
      "The origin's port speaks HTTP/2 alone, as those of gRPC do, and was asked in HTTP/1.1: use one that speaks HTTP/1.1.",
  },
  "field-list-malformed": {
    status: 400,
    text: "The field list of the request is malformed: it breaks a rule of HTTP/2 (RFC 9113 section 8).",
  },
  "socks-on-http-port": {
    status: 400,
    text: "This port speaks HTTP and got SOCKS: set the client to use an HTTP proxy, if this is one.",
  },
  "proxy-protocol-unexpected": {
    status: 400,
    text: "This port got a PROXY protocol header from an address that --proxy-protocol does not name: it is not believed.",
  },
  "proxy-header-missing": {
    status: 400,
    text: "This port expects a PROXY protocol header from your address (--proxy-protocol) and got none, or half of one.",
  },
  "proxy-header-malformed": {
    status: 400,
    text: "The PROXY protocol header is malformed, too long, or its checksum is wrong.",
  },
  "method-too-long": { status: 501, text: "The method is longer than any that is forwarded (RFC 9112 section 3)." },
  "target-too-long": {
    status: 414,
    text: "The request-target takes most of the limit for a whole head, or more; shorten it.",
  },
  "target-invalid": {
    status: 400,
    text: "The request-target holds characters that a URI cannot hold; percent-encode them (RFC 9112 section 3.2).",
  },
  "target-form-mismatch": {
    status: 400,
    text: "The form of the request-target does not fit the method (RFC 9112 section 3.2).",
  },
  "version-unsupported": {
    status: 505,
    text: "Only HTTP/1.0 and HTTP/1.1 are spoken here.",
    ofResponse: "Only HTTP/1.0 and HTTP/1.1 are spoken with origins.",
  },
  "status-line-malformed": {
    status: 400,
    text: "The status-line must be: HTTP-version SP status-code SP reason-phrase (RFC 9112 section 4).",
  },
  "head-too-large": {
    status: 431,
    text: "The head is larger than the limit; send fewer or shorter fields.",
    ofResponse:
      "The head of the origin's answer is larger than the limit: let it send fewer or shorter fields, or raise the limit.",
  },
  "too-many-fields": {
    status: 431,
    text: "The head has more field lines than the limit; send fewer.",
    ofResponse: "The head of the origin's answer has more field lines than the limit: let it send fewer.",
  },
  "too-many-connection-options": {
    status: 431,
    text: "Connection nominates more different fields than the limit; send fewer (RFC 9110 section 7.6.1).",
  },
  "line-ending-invalid": {
    status: 400,
    text: "Every line of a head ends with CRLF; a bare LF or CR is refused (RFC 9112 section 2.2).",
  },
  "empty-lines-before-message": { status: 400, text: "Too many empty lines before the request-line." },
  "control-character": {
    status: 400,
    text: "The head holds a NUL, bare CR or another control character (RFC 9110 section 5.5).",
  },
  "field-line-malformed": {
    status: 400,
    text: "A field line must be: field-name, colon, value; the name is a token (RFC 9112 section 5).",
  },
  "space-before-colon": {
    status: 400,
    text: "White space between a field name and its colon is refused (RFC 9112 section 5.1).",
  },
  "space-before-first-field": {
    status: 400,
    text: "White space between the start-line and the first field is refused (RFC 9112 section 2.2).",
  },
  "obsolete-line-folding": {
    status: 400,
    text: "Folded field lines are obsolete and refused; send the value on one line (RFC 9112 section 5.2).",
  },
  "host-missing": { status: 400, text: "An HTTP/1.1 request must have a Host field (RFC 9112 section 3.2)." },
  "host-repeated": { status: 400, text: "A request must not have more than one Host field (RFC 9112 section 3.2)." },
  "host-invalid": { status: 400, text: "The host must be: uri-host [ : port ] (RFC 9110 section 7.2)." },
  "userinfo-not-allowed": {
    status: 400,
    text: "A target with a user name or password is refused: they hide which host is meant (RFC 9110 section 4.2.4).",
  },
  "content-length-invalid": {
    status: 400,
    text: "Content-Length must be a decimal number of bytes below 10^15 (RFC 9112 section 6.3).",
  },
  "content-length-repeated": {
    status: 400,
    text: "More than one Content-Length value is refused, even if they agree (RFC 9110 section 8.6).",
  },
  "length-and-chunked": {
    status: 400,
    text: "Transfer-Encoding and Content-Length in one message are ambiguous and refused (RFC 9112 section 6.3).",
  },
  "transfer-encoding-in-http10": {
    status: 400,
    text: "An HTTP/1.0 message cannot have a Transfer-Encoding (RFC 9112 section 6.1).",
  },
  "transfer-encoding-not-allowed": {
    status: 400,
    text: "This message must not have a Transfer-Encoding (RFC 9112 section 6.1).",
  },
  "transfer-encoding-invalid": {
    status: 400,
    text: "The last transfer coding must be chunked, once, without parameters (RFC 9112 section 6.3).",
  },
  "transfer-coding-unknown": { status: 501, text: "Only the chunked transfer coding is understood here." },
  "content-not-allowed": {
    status: 400,
    text: "TRACE and CONNECT requests must not have content (RFC 9110 sections 9.3.6 and 9.3.8).",
  },
  "chunk-size-invalid": {
    status: 400,
    text: "A chunk must begin with its size in hexadecimal digits (RFC 9112 section 7.1).",
  },
  "chunk-size-too-large": { status: 400, text: "A chunk size of more than 2^48 bytes is refused." },
  "chunk-extension-invalid": {
    status: 400,
    text: 'A chunk extension is a semicolon and a name, or name=value, or name="value" (RFC 9112 section 7.1.1).',
  },
  "chunk-extensions-too-long": { status: 400, text: "The chunk extensions of this message exceed the limit." },
  "chunk-data-overrun": {
    status: 400,
    text: "Chunk data must be followed by CRLF exactly where its size says (RFC 9112 section 7.1).",
  },
  "trailers-too-large": { status: 431, text: "The trailer section is larger than the limit." },
} as const satisfies Record<string, RefusalMeaning>;

/** The name of a refusal: the same word in code, log, metric and answer. */
export type RefusalCode = keyof typeof meanings;

export const refusalCodes = Object.keys(meanings) as readonly RefusalCode[];

/** What a refusal means to the sender of the message. */
export function meaningOf(code: RefusalCode): RefusalMeaning {
  return meanings[code];
}

export function isRefusalCode(word: string): word is RefusalCode {
  return Object.hasOwn(meanings, word);
}

/** What the refusal of a response means to those who asked for it. */
export function meaningOfResponse(code: RefusalCode): string {
  const { text, ofResponse = text } = meaningOf(code);
  return ofResponse;
}
