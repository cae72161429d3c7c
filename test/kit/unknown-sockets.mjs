/**
 * Preloaded (`--import`), it makes of this Node one whose sockets are not known: they write a tick later. Everything works on
 * them, on streams.
 */
import { Socket } from "node:net";

for (const name of ["_write", "_writev"]) {
  const original = Socket.prototype[name];
  Socket.prototype[name] = function (...args) {
    process.nextTick(() => original.apply(this, args));
  };
}
