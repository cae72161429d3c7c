/** Where the lanes of connections stand: their model, which is fed from the beginning, and what the place in the URL has chosen. */
import { useCallback } from "preact/hooks";
import { listenUrl } from "../feed/config.ts";
import type { Feed, Seen } from "../feed/feed.ts";
import { Connections as Lanes } from "../lanes/connections.tsx";
import { createModel, type Key, type Model } from "../model/model.ts";
import { fragmentOf, type Place } from "./place.ts";

const models = new WeakMap<Feed, Model>();

/** The model that a feed feeds, from the first time on that it is asked for. */
export function modelOf(feed: Feed): Model {
  let model = models.get(feed);
  if (model === undefined) {
    model = createModel();
    models.set(feed, model);
    feed.join(model);
  }
  return model;
}

interface SlotProps {
  readonly feed: Feed;
  readonly seen: Seen;
  readonly place: Place;
  readonly isPaused: boolean;
}

export function Connections({ feed, seen, place, isPaused }: SlotProps) {
  const [chosen] = place.path;
  const onChoose = useCallback((key: Key | undefined) => {
    location.hash = fragmentOf("connections", key === undefined ? [] : [key]);
  }, []);
  const url = listenUrl(seen.config);
  return (
    <Lanes
      model={modelOf(feed)}
      isPaused={isPaused}
      chosen={chosen}
      onChoose={onChoose}
      isKnown={seen.connections !== undefined}
      {...(url === undefined ? {} : { address: `${url}/` })}
    />
  );
}
