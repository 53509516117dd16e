// The names that a request may ask for, shared by all tabs of the playground.

import { getJson } from "../../api/client";
import type { ListedModel, ModelList } from "../../api/schema";
import { Fetched } from "../../fetched.svelte";

/** Milliseconds after a change of a model's state until the list is asked for again: states change in bursts. */
export const SETTLE = 200;

export const modelList = new Fetched<ListedModel[]>(async (signal) => (await getJson<ModelList>("/v1/models", signal)).data);
