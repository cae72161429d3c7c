/** Where the page begins. */
import "hopwise:colours.css";
import "./styles/page.css";
import "./styles/shell.css";
import "./styles/views.css";
import { render } from "preact";
import { Feed } from "./feed/feed.ts";
import { App } from "./shell/app.tsx";
import { modelOf } from "./shell/connections-slot.tsx";
import { applyTheme } from "./shell/theme.ts";

applyTheme();
const feed = new Feed();
modelOf(feed);
feed.start();
const root = document.getElementById("dashboard");
if (root !== null) render(<App feed={feed} />, root);
