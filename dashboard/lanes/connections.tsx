/**
 * The view of connections: a lane for each, on both hops, as time passes; the story of the one that is chosen; and the same by keys and
 * in words for those who do not see the drawing.
 *
 * Deliberately absent: fetching (the model is fed elsewhere), and the table of the same connections, which is a view of its own.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Connection, Hop, Key, Model } from "../model/model.ts";
import { exchangeLine, laneLine } from "../model/story.ts";
import { type Choice, chosenAfter, counterpartOf, isStep } from "./choice.ts";
import "./lanes.css";
import { windows_ms } from "./layout.ts";
import { Legend } from "./legend.tsx";
import { type LaneCounts, LanesStage } from "./stage.ts";
import { StoryPanel } from "./story-panel.tsx";

export interface ConnectionsProps {
  readonly model: Model;
  /** What is drawn stands still; the model goes on. */
  readonly isPaused?: boolean;
  /** The connection whose story is open, where somebody else decides that (a place in the URL); nothing: undefined. */
  readonly chosen?: Key | undefined;
  readonly onChoose?: ((key: Key | undefined) => void) | undefined;
  /** Where to send a request to when nothing is there. */
  readonly address?: string;
  /** Whether it was told which connections there are. Default: it was. */
  readonly isKnown?: boolean;
}

const titles: Readonly<Record<Hop, string>> = { downstream: "From clients", upstream: "To origins" };
const KEYS_HELP =
  "Up and down: lanes. Left and right: exchanges. Enter: the story. C: its counterpart on the other hop. Escape: back.";

const noLanes: LaneCounts[Hop] = { open: 0, closed: 0 };

/** `4 open, 28 closed` */
function countText({ open, closed }: LaneCounts[Hop]): string {
  return closed === 0 ? `${open} open` : `${open} open, ${closed} closed`;
}

export function Connections(props: ConnectionsProps) {
  const { model, isPaused = false, chosen, onChoose, address = "http://127.0.0.1:8080/", isKnown = true } = props;
  const [counts, setCounts] = useState<LaneCounts>({ downstream: noLanes, upstream: noLanes });
  const [filter, setFilter] = useState("");
  const [window_ms, setWindow] = useState<number | undefined>(undefined);
  const [choice, setChoice] = useState<Choice | undefined>(undefined);
  const [isOpen, setOpen] = useState(false);
  const [said, setSaid] = useState("");
  const stage = useRef<LanesStage | undefined>(undefined);
  const root = useRef<HTMLDivElement>(null);
  const now = useCallback(() => stage.current?.now_ms ?? model.now(), [model]);

  const choose = useCallback((next: Choice | undefined) => {
    setChoice(next);
    stage.current?.choose(next);
  }, []);
  const open = useCallback(
    (next: Choice) => {
      choose(next);
      setOpen(true);
      onChoose?.(next.connection.key);
    },
    [choose, onChoose],
  );
  const close = useCallback(() => {
    setOpen(false);
    onChoose?.(undefined);
    root.current?.querySelector<HTMLElement>(".lanes")?.focus({ preventScroll: true });
  }, [onChoose]);

  useStage(root, stage, model, open, setCounts, setSaid);
  useEffect(() => {
    model.hold(isPaused);
    return () => model.hold(false);
  }, [model, isPaused]);
  useEffect(() => stage.current?.show({ filter, window_ms, isPaused }), [filter, window_ms, isPaused]);
  useChosen(model, chosen, choice, open, setOpen);

  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const lanes = stage.current?.lanes ?? [];
    const next = isStep(event.key)
      ? chosenAfter(event.key, choice, lanes)
      : event.key === "c" && choice !== undefined
        ? counterpartOf(choice)
        : undefined;
    if (next !== undefined) {
      choose(next);
      setSaid(lineOf(next, now()));
    } else if (event.key === "Enter" && choice !== undefined) open(choice);
    else if (event.key === "Escape" && isOpen) close();
    else if (event.key === "Escape" && choice !== undefined) choose(undefined);
    else if (!isStep(event.key)) return;
    event.preventDefault();
  };

  const isEmpty = [counts.downstream, counts.upstream].every(({ open, closed }) => open + closed === 0);
  return (
    <div ref={root} class={isOpen && choice !== undefined ? "lane-view has-story" : "lane-view"}>
      <div class="lane-tools">
        <label>
          <span class="unseen">Show lanes with this text</span>
          <input
            type="search"
            data-filter
            placeholder="address, reason, path …"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <label class="lane-window">
          <span>Time shown</span>
          <select
            value={window_ms ?? ""}
            onChange={({ currentTarget: { value } }) => setWindow(value === "" ? undefined : Number(value))}
          >
            <option value="">as it fits</option>
            {windows_ms.map((ms) => (
              <option key={ms} value={ms}>
                {ms / 1_000} s
              </option>
            ))}
          </select>
        </label>
        <LeftOut model={model} />
      </div>
      <div class="lane-split">
        <div
          class="lanes"
          role="application"
          aria-label="Lanes of connections"
          aria-describedby="lane-keys"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move within it, as its description says
          tabIndex={0}
          onKeyDown={onKey}
        >
          <canvas class="lanes-canvas" />
          <div class="lanes-axis" />
          {(["downstream", "upstream"] as const).map((hop) => (
            <section key={hop} class="lanes-group" data-hop={hop} aria-label={titles[hop]}>
              <h2 class={hop}>
                {titles[hop]} <span class="soft">{countText(counts[hop])}</span>
              </h2>
              <div class="lanes-scroller">
                <div class="lanes-filler" />
              </div>
            </section>
          ))}
          <div class="lane-tip" hidden />
          {isEmpty ? (
            <Empty
              filter={filter}
              address={address}
              isKnown={isKnown}
              isFirst={(model.stats?.exchanges.total ?? 0) === 0}
            />
          ) : null}
        </div>
        {isOpen && choice !== undefined ? (
          <StoryPanel model={model} choice={choice} now={now} onChoose={open} onClose={close} />
        ) : null}
      </div>
      <p id="lane-keys" class="lane-keys soft">
        {KEYS_HELP}
      </p>
      <Legend />
      <p class="unseen" role="status" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

function LeftOut({ model: { missed, oneIn } }: { readonly model: Model }) {
  if (missed === 0) return null;
  const text =
    oneIn > 1
      ? `Too many to show each: one exchange in ${oneIn}, and every connection and failure.`
      : `${missed.toLocaleString("en")} events left out since this page was opened; connections are right all the same.`;
  return <p class="lane-missed soft">{text}</p>;
}

interface EmptyProps {
  readonly filter: string;
  readonly address: string;
  readonly isKnown: boolean;
  /** Nothing has ever come. */
  readonly isFirst: boolean;
}

function Empty({ filter, address, isKnown, isFirst }: EmptyProps) {
  if (!isKnown) {
    return (
      <div class="lane-empty">
        <p>Which connections there are is not known yet.</p>
      </div>
    );
  }
  return (
    <div class="lane-empty">
      {filter === "" ? (
        <>
          <p>
            {isFirst ? "No connection yet." : "No connection now."} Send a request through the proxy, and it appears
            here:
          </p>
          <pre>
            <code>curl -i {address}</code>
          </pre>
        </>
      ) : (
        <p>No connection has “{filter}” in it.</p>
      )}
    </div>
  );
}

function lineOf({ connection, exchange }: Choice, now_ms: number): string {
  const telling = { now_ms };
  return exchange === undefined ? laneLine(connection, telling) : exchangeLine(exchange, connection, telling);
}

type Ref<Of> = { current: Of };

/** Builds the stage once its elements are there. */
function useStage(
  root: Ref<HTMLDivElement | null>,
  stage: Ref<LanesStage | undefined>,
  model: Model,
  open: (choice: Choice) => void,
  setCounts: (counts: LaneCounts) => void,
  setSaid: (line: string) => void,
): void {
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    const element = root.current;
    if (element === null) return;
    const find = (selector: string) => element.querySelector(selector) as HTMLElement;
    const group = (hop: Hop) => ({
      scroller: find(`[data-hop=${hop}] .lanes-scroller`),
      filler: find(`[data-hop=${hop}] .lanes-filler`),
    });
    const elements = {
      ...{ stage: find(".lanes"), canvas: find(".lanes-canvas") as HTMLCanvasElement, tip: find(".lane-tip") },
      groups: { downstream: group("downstream"), upstream: group("upstream") },
    };
    const built = new LanesStage(model, elements, {
      tipFor: (choice) =>
        choice.exchange === undefined && choice.connection.closed === undefined ? "" : lineOf(choice, built.now_ms),
      onClick: (choice) => {
        latest.current(choice);
        setSaid(lineOf(choice, built.now_ms));
      },
      onLanes: setCounts,
    });
    stage.current = built;
    built.start();
    return () => {
      built.stop();
      stage.current = undefined;
    };
  }, [root, stage, model, setCounts, setSaid]);
}

/** Follows what somebody else has chosen, once the model knows it. */
function useChosen(
  model: Model,
  chosen: Key | undefined,
  choice: Choice | undefined,
  open: (choice: Choice) => void,
  setOpen: (isOpen: boolean) => void,
): void {
  const known: Connection | undefined = chosen === undefined ? undefined : model.connections.get(chosen);
  const before = useRef<Key | undefined>(undefined);
  useEffect(() => {
    if (chosen === before.current || (chosen !== undefined && known === undefined)) return;
    before.current = chosen;
    if (chosen === undefined) setOpen(false);
    else if (known !== undefined && choice?.connection !== known) open({ connection: known, exchange: undefined });
  });
}
