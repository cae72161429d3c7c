/**
 * Set up before tests (vitest.config.ts), it makes of this Node one whose handles are not known, so that all connections stand
 * on streams; for processes see unknown-sockets.mjs.
 */
import { expect, vi } from "vitest";

vi.mock("../../src/net/node-handles/runtime-shape.ts", () => ({ knownHandle: () => undefined, isShapeKnown: false }));

const { runtimeFacts } = await import("../../src/net/runtime-facts.ts");
expect(runtimeFacts.sockets).toBe("streams");
