/** Said because Next would otherwise take the repository for its workspace, and warn of lock files there. */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("./", import.meta.url));
export default { turbopack: { root }, outputFileTracingRoot: root };
