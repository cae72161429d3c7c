/** Loaded before hopwise (heap.mjs): whenever its parent asks, it collects garbage and tells how much memory is in use. */
const collect = "Bun" in globalThis ? () => globalThis.Bun.gc(true) : globalThis.gc;

process.on("message", () => {
  collect();
  // What the first collection has freed of the runtime's own objects, the second finds.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  process.send({ heap: heapUsed, external });
});
process.channel?.unref?.();
