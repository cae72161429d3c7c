/** What to do where there is nothing to see. */
import { type ConfigAnswer, listenUrl } from "../feed/config.ts";
import type { Problem } from "../feed/problems.ts";

export function EmptyState({ config }: { readonly config: ConfigAnswer | undefined }) {
  const url = listenUrl(config);
  return (
    <section class="empty">
      <h2>No request has come yet.</h2>
      <p>Send one through the proxy, and its connections appear here:</p>
      <pre>
        <code>curl -i {url ?? "http://127.0.0.1:8080"}/</code>
      </pre>
      <p>
        The address is the one that hopwise printed when it started (<code>--listen</code>). This page is the admin
        port: nothing is proxied here.
      </p>
    </section>
  );
}

export function Refused({ problem }: { readonly problem: Problem }) {
  return (
    <section class="empty" role="alert">
      <h2>{problem.what}</h2>
      <p>{problem.todo}</p>
      <p>
        <button type="button" class="tool" onClick={() => location.reload()}>
          Load again
        </button>
      </p>
    </section>
  );
}

/** In place of what only one process can tell. */
export function NotTold({ problem }: { readonly problem: Problem | undefined }) {
  if (problem === undefined) return <p class="quiet-note">Asking hopwise …</p>;
  return (
    <section class="empty">
      <h2>{problem.what}</h2>
      <p>{problem.todo}</p>
    </section>
  );
}
