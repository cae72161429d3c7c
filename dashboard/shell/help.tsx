/** Which keys there are. */
import type { RefObject } from "preact";

const keys = [
  ["1 … 5", "the views"],
  ["← →", "the next view, while a tab has the focus"],
  ["/", "to the filter, where there is one"],
  ["p", "pause, and go on"],
  ["t", "light or dark"],
  ["↑ ↓ ← →", "among the lanes, once they have the focus; Enter tells a story"],
  ["?", "this"],
  ["Esc", "closes this"],
] as const;

export function Help({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p>
        A connection has a number on its hop. <span class="hop downstream">#12.3</span> is the third exchange on
        connection 12, of a client; <span class="hop upstream">#15.8</span> the eighth on connection 15, to an origin.
      </p>
      <button type="button" class="tool" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
