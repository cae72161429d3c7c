/**
 * A worker that does nothing but say what a supervisor waits for. The first one is prepared at once, others when they are told `reread`:
 * so a test decides what happens while one starts.
 */
const say = (message) => process.send(message);
process.on("message", (message) => {
  if (message.type === "start" && message.number === 1) say({ type: "prepared" });
  if (message.type === "reread") say({ type: "prepared" });
  if (message.type === "listen") say({ type: "ready" });
  if (message.type === "prepare") say({ type: "reload-prepared", reload: message.reload });
  if (message.type === "commit") say({ type: "reload-committed", reload: message.reload });
});
process.on("disconnect", () => process.exit(0));
