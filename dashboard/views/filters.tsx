/** The filters above a table. What they say is in the address, so that a filtered table can be linked to. */
import type { ComponentChildren } from "preact";
import { fragmentOf, type Place, replacePlace } from "../shell/place.ts";

interface FiltersProps {
  readonly place: Place;
  readonly names: readonly string[];
  readonly shown: number;
  readonly all: number;
  readonly children: ComponentChildren;
}

export function Filters({ place, names, shown, all, children }: FiltersProps) {
  const isFiltered = names.some((name) => (place.query[name] ?? "") !== "");
  const { sort = "" } = place.query;
  return (
    <search class="filters">
      {children}
      <div class="filter-count">
        <output>
          {isFiltered
            ? `${shown.toLocaleString("en")} of ${all.toLocaleString("en")}`
            : `${all.toLocaleString("en")} in all`}
        </output>
        <button
          type="button"
          class="tool"
          disabled={!isFiltered}
          onClick={() => replacePlace(fragmentOf("table", place.path.slice(0, 1), { sort }))}
        >
          Clear
        </button>
      </div>
    </search>
  );
}

interface FieldProps {
  readonly place: Place;
  readonly name: string;
  readonly label: string;
}

function change(place: Place, name: string, value: string): void {
  replacePlace(fragmentOf("table", place.path, { ...place.query, [name]: value }));
}

interface TextProps extends FieldProps {
  readonly hint: string;
  /** The one that `/` leads to. */
  readonly isFirst?: boolean;
}

export function Text({ place, name, label, hint, isFirst }: TextProps) {
  return (
    <label>
      <span>{label}</span>
      <input
        type="text"
        spellcheck={false}
        autocomplete="off"
        placeholder={hint}
        value={place.query[name] ?? ""}
        data-filter={isFirst === true ? "" : undefined}
        onInput={(event) => change(place, name, event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
    </label>
  );
}

interface ChoiceProps extends FieldProps {
  readonly choices: readonly string[];
  readonly titles?: Readonly<Record<string, string>>;
}

export function Choice({ place, name, label, choices, titles = {} }: ChoiceProps) {
  const chosen = place.query[name] ?? "";
  // What a link has chosen may not have been seen yet.
  const all = chosen === "" || choices.includes(chosen) ? choices : [...choices, chosen];
  return (
    <label>
      <span>{label}</span>
      <select value={chosen} onChange={(event) => change(place, name, event.currentTarget.value)}>
        <option value="">any</option>
        {all.map((choice) => (
          <option key={choice} value={choice}>
            {titles[choice] ?? choice}
          </option>
        ))}
      </select>
    </label>
  );
}
