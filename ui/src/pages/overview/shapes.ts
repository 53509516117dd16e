// What herder tells of residency and of its models, until the generated types hold it.

export interface Span {
  state: "starting" | "ready" | "stopping";
  from: string;
  until: string | null;
  cause: string;
  by: string | null;
  ended: string | null;
}

export interface ModelSpans {
  id: string;
  spans: Span[];
}

export interface Residency {
  now: string;
  since: string;
  models: ModelSpans[];
}

export interface ModelDetails {
  id: string;
  since: string | null;
  ttl_seconds: number;
  unload_at: string | null;
  resident_bytes?: number | null;
}

export interface ModelDetailsList {
  models: ModelDetails[];
}
