// What tabs and the hub of the event stream tell each other. The hub lives in a worker that all tabs of the browser share, so
// that herder has one connection per browser and HTTP/1.1's six are never used up.

import type { ActiveProfile, InFlight, ModelNow, UiConfig } from "../api/schema";

/** How the one event stream is. */
export type Connection =
  | { state: "connecting" }
  | { state: "open" }
  /** Lost; another attempt comes at `retryAt`, in milliseconds of the epoch. */
  | { state: "waiting"; reason: string; retryAt: number }
  /** herder wants a key, or another one. No attempt until there is one. */
  | { state: "refused"; reason: string }
  /** Nobody looks. */
  | { state: "paused" };

/** Which log: herder's own, all models', or one model's (`model:ID`). */
export type LogSource = "proxy" | "upstream" | `model:${string}`;

/** From a tab to the hub. */
export type ToHub =
  | { kind: "hello"; key: string | null; visible: boolean; logs: LogSource[] }
  | { kind: "status"; visible: boolean; logs: LogSource[] }
  | { kind: "key"; key: string | null }
  | { kind: "retry" }
  | { kind: "alive" }
  | { kind: "bye" };

/** An event of herder, decoded. Logs come apart from the others. */
export type LiveEvent =
  | { type: "modelStatus"; data: ModelNow[] }
  | { type: "inflight"; data: InFlight }
  | { type: "uiConfig"; data: UiConfig }
  | { type: "profileChanged"; data: ActiveProfile }
  | { type: "activity"; data: { id: number } };

/** From the hub to a tab. */
export type ToTab =
  | { kind: "key"; key: string | null }
  | { kind: "connection"; connection: Connection }
  | { kind: "event"; event: LiveEvent }
  /** Text of a log. It ends `end` characters after the beginning of the log's `life`; a tab may have some of it already. `gap`: something
   *  before it is lost. */
  | { kind: "log"; source: LogSource; text: string; life: number; end: number; gap: boolean }
  /** herder cannot show this log. */
  | { kind: "logRefused"; source: LogSource; reason: string };
