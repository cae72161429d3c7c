/** The story of what is chosen, in sentences; from there to the connections of the other hop. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Connection, Model } from "../model/model.ts";
import { exchangeStory, nameOf, numberOf, requestOf, type Sentence, shortName, storyOf } from "../model/story.ts";
import type { Choice } from "./choice.ts";

export interface StoryProps {
  readonly model: Model;
  readonly choice: Choice;
  /** The moment that is shown. */
  readonly now: () => number;
  readonly onChoose: (choice: Choice) => void;
  readonly onClose: () => void;
}

/** Sentences with durations in them are said anew so often. */
const EVERY_MS = 500;

export function StoryPanel({ choice, now, onChoose, onClose }: StoryProps) {
  useTick(EVERY_MS);
  const heading = useRef<HTMLHeadingElement>(null);
  const { connection, exchange } = choice;
  const telling = { now_ms: now() };
  const story = storyOf(connection, telling);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
    // On a narrow page it stands below the lanes.
    heading.current?.scrollIntoView({ block: "nearest" });
  }, [connection.key]);
  return (
    <aside
      class="lane-story"
      aria-label="Story of a connection"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {story.title}
        </h2>
        <button type="button" class="lane-close" onClick={onClose} aria-label="Close the story">
          ×
        </button>
      </header>
      {exchange === undefined ? null : (
        <section>
          <h3>{requestOf(exchange)}</h3>
          <Sentences sentences={exchangeStory(exchange, telling)} />
        </section>
      )}
      <section>
        {exchange === undefined ? null : <h3>Its connection</h3>}
        <Sentences sentences={story.sentences} />
      </section>
      {story.others.length === 0 ? null : (
        <section>
          <h3>{connection.hop === "downstream" ? "Went on to" : "Came from"}</h3>
          <ul class="lane-others">
            {story.others
              .toReversed()
              .slice(0, OTHERS_MAX)
              .map((other) => (
                <li key={other.key}>
                  <OtherButton other={other} choice={choice} onChoose={onChoose} />
                </li>
              ))}
          </ul>
          {story.others.length > OTHERS_MAX ? <p class="soft">and {story.others.length - OTHERS_MAX} others</p> : null}
        </section>
      )}
    </aside>
  );
}

const OTHERS_MAX = 12;

interface OtherProps {
  readonly other: Connection;
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
}

function OtherButton({ other, choice: { exchange }, onChoose }: OtherProps) {
  const carries = exchange !== undefined && other.exchanges.includes(exchange);
  return (
    <button
      type="button"
      class={carries ? "lane-other carries" : "lane-other"}
      onClick={() => onChoose({ connection: other, exchange: carries ? exchange : undefined })}
    >
      <span class={`hop ${other.hop}`}>#{shortName(other)}</span> {nameOf(other)}
      <span class="unseen"> ({numberOf(other)})</span>
    </button>
  );
}

function Sentences({ sentences }: { readonly sentences: readonly Sentence[] }) {
  return (
    <div class="lane-sentences">
      {sentences.map(({ about, text }, index) => (
        <p key={index} data-about={about}>
          {text}
        </p>
      ))}
    </div>
  );
}

function useTick(every_ms: number): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
}
