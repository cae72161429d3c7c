/** The same suites where the runtime's handles are not known, and connections stay on its streams. */
import { vi } from "vitest";

vi.mock("./node-handles/runtime-shape.ts", () => ({ knownHandle: () => undefined }));
vi.stubEnv("TESTS_STREAMS", "yes");
await import("./sockets.test.ts");
await import("./connecting.test.ts");
