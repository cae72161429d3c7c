/** The options of HTTP/2 in front: whether clients may speak it, and what its connections hold together. What it does, see docs/http2.md. */
import * as z from "zod";
import { option } from "./option.ts";
import { size } from "./size.ts";

export const http2Option = option(z.boolean().prefault(true), {
  group: "clients",
  description: "clients may speak HTTP/2: over TLS by agreement (ALPN), in the clear if they begin with it",
  reason: "browsers do, and ask for everything at once; without it each of them needs six connections",
});

export const http2MemoryOption = option(size("256m", 1_048_576, 64 * 1_073_741_824), {
  group: "clients",
  placeholder: "<size>",
  description:
    "bytes of bodies that all HTTP/2 connections together hold for peers that do not take them; beyond, the client that holds most " +
    "loses its connection that holds most",
  reason: "two thousand responses that nobody takes; one connection may have a hundred",
});
