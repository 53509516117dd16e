// The start of the page.

import { mount } from "svelte";
import App from "./App.svelte";
import "./styles/colours.css";
import "./styles/palettes.css";
import "./styles/base.css";
import "./styles/parts.css";
import { herd } from "./live/herd.svelte";

herd.start();
const target = document.getElementById("app");
if (target) mount(App, { target });
