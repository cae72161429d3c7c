/** What is told to origins about clients, and who may tell it (RFC 7239 section 8.1, RFC 9440 section 4, RFC 9110 section 17.3). */
import { ADDED, exchanged, exchangedOnce, type Group, head, inChunks, OK } from "../case.ts";
import { open } from "../forward-settings.ts";

const told = [
  "X-Forwarded-Ssl: on",
  "X-Forwarded-Client-Cert: Hash=1",
  "X-Real-IP: 1.2.3.4",
  "X-Original-URL: /x",
  "X-Rewrite-URL: /y",
  "Client-Cert: :YQ==:",
  "CF-Connecting-IP: 1.2.3.4",
];

export const forwardingFields: Group = {
  name: "What origins are told about clients",
  cases: [
    exchanged(
      [48],
      "RFC 9110 section 17.3",
      "What strangers say about themselves does not go on, whichever name they use and however they spell it.",
      {
        request: head(
          "GET / HTTP/1.1",
          "Host: a",
          "X-Real-IP: 1.2.3.4",
          "X-Forwarded-Port: 443",
          "x-forwarded-ssl: on",
          "X-FORWARDED-PROTOCOL: https",
          "Front-End-Https: on",
          "X-Original-Host: b",
          "X-Rewrite-URL: /admin",
          "Client-Cert-Chain: :YQ==:",
          "CF-Connecting-IP: 1.2.3.4",
          "Proxy: http://evil.test",
          "X_Forwarded_For: 1.2.3.4",
          "X-Forwarded_Proto: https",
          "X_Forwarded-Protocol: https",
          "X.Original.URL: /admin",
          "CLIENT_CERT: :YQ==:",
          "X_Real_IP: 1.2.3.4",
          "CONTENT_LENGTH: 5",
          "Transfer_Encoding: chunked",
          "X_Y: z",
        ),
        forwarded: head("GET / HTTP/1.1", "Host: a", "X_Y: z", ...ADDED),
        response: OK,
        returned: OK,
      },
    ),
    {
      ...exchanged(
        [48, 52],
        "RFC 9440 section 4",
        "What a trusted neighbour says about a client passes on as it came.",
        {
          request: head("GET / HTTP/1.1", "Host: a", ...told, "Connection: X-Forwarded-Ssl, Client-Cert"),
          forwarded: head("GET / HTTP/1.1", "Host: a", ...told, ...ADDED),
          response: OK,
          returned: OK,
        },
      ),
      settings: { isTrusted: () => true },
    },
    {
      ...exchanged(
        [48],
        "RFC 9110 section 17.3",
        "Other spellings do not go on from a trusted neighbour either: it has left them there, and its client has said them.",
        {
          request: head("GET / HTTP/1.1", "Host: a", "X_Real_IP: 1.2.3.4", "X.Forwarded.Ssl: on", "CONTENT_LENGTH: 5"),
          forwarded: head("GET / HTTP/1.1", "Host: a", ...ADDED),
          response: OK,
          returned: OK,
        },
      ),
      settings: { isTrusted: () => true },
    },
    exchanged([39, 48], "RFC 9110 section 6.5.1", "In trailers nothing is said about a client.", {
      request: `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}0\r\n${told.join("\r\n")}\r\nX_Real_IP: 1.2.3.4\r\nX-Sum: 1\r\n\r\n`,
      forwarded: inChunks(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED), "", "X-Sum: 1"),
      response: OK,
      returned: OK,
    }),
    exchangedOnce(
      [51],
      "RFC 9110 section 7.6.3",
      "With --via off a gateway adds no Via, and passes on the one that came.",
      {
        settings: { sendsVia: false },
        request: head("GET / HTTP/1.1", "Host: a", "Via: 1.0 b"),
        forwarded: head("GET / HTTP/1.1", "Host: a", "Via: 1.0 b", ...ADDED.slice(1)),
        response: OK,
        returned: OK,
      },
    ),
    {
      ...exchanged([21], "RFC 9110 section 7.7", "A forward proxy leaves what its clients say about themselves.", {
        request: head("GET http://a/ HTTP/1.1", "Host: a", ...told, "X_Real_IP: 1.2.3.4"),
        forwarded: head("GET / HTTP/1.1", "Host: a", ...told, "X_Real_IP: 1.2.3.4", "Via: 1.1 hopwise-test"),
        response: OK,
        returned: OK.replace("\r\n\r\n", "\r\nVia: 1.1 hopwise-test\r\n\r\n"),
      }),
      settings: open,
    },
  ],
};
