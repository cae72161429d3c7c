/** The model of connections, for whatever tells their story, however deep it stands. */
import { createContext } from "preact";
import type { Model } from "../model/model.ts";

export const ModelContext = createContext<Model | undefined>(undefined);
