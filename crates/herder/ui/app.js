// Shows the models as the event stream tells of them. All text comes from the outside and is set as text, never as markup.
"use strict";

const RETRY_MS = 3000;
const byId = (id) => document.getElementById(id);
/** The elements of each model's row, by the model's id. */
const rows = new Map();

connect();

function connect() {
  const events = new EventSource("/api/events");
  events.onopen = () => showConnection("connected", false);
  events.onmessage = (event) => {
    const { type, data } = JSON.parse(event.data);
    if (type === "modelStatus") showModels(JSON.parse(data));
  };
  events.onerror = () => {
    showConnection("not connected, trying again …", true);
    // A stream that was cut is opened again by the browser; one that was refused is not.
    if (events.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
  };
}

function showConnection(text, stale) {
  byId("connection").textContent = text;
  byId("models").classList.toggle("stale", stale);
}

function showModels(models) {
  const shown = new Set(models.map((model) => model.id));
  for (const [id, row] of rows) {
    if (!shown.has(id)) {
      row.item.remove();
      rows.delete(id);
    }
  }
  for (const model of models) {
    if (!rows.has(model.id)) rows.set(model.id, newRow(model.id));
    fill(rows.get(model.id), model);
  }
  // An element that stays in its place keeps the keyboard's focus.
  const list = byId("models");
  models.forEach((model, place) => {
    const { item } = rows.get(model.id);
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  byId("empty").hidden = models.length > 0;
}

function newRow(id) {
  const item = document.createElement("li");
  const words = add(item, "div", "");
  const row = { item, name: add(words, "span", "name"), id: add(words, "div", "id"), about: add(words, "div", "about") };
  row.state = add(item, "span", "state");
  row.button = add(item, "button", "");
  row.button.type = "button";
  row.button.textContent = "Unload";
  row.button.setAttribute("aria-label", `Unload ${id}`);
  row.button.onclick = () => unload(id);
  return row;
}

function add(parent, tag, className) {
  const element = document.createElement(tag);
  element.className = className;
  return parent.appendChild(element);
}

function fill(row, model) {
  row.name.textContent = model.name || model.id;
  row.id.textContent = [model.name ? model.id : "", ...(model.aliases ?? []), model.unlisted ? "(unlisted)" : ""]
    .filter(Boolean).join(" · ");
  row.about.textContent = model.description;
  row.state.textContent = model.peerID ? `at ${model.peerID}` : model.state;
  row.state.dataset.state = model.state;
  row.button.hidden = Boolean(model.peerID);
  row.button.disabled = !["starting", "ready"].includes(model.state);
}

async function unload(id) {
  const problem = byId("problem");
  problem.hidden = true;
  try {
    const answer = await fetch(`/api/models/unload/${encodeURIComponent(id)}`, { method: "POST" });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  } catch (error) {
    problem.textContent = `${id} was not unloaded: ${error.message}`;
    problem.hidden = false;
  }
}
