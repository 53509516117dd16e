// Where the bars and lines of a histogram lie, in units of its drawing.

import type { Histogram } from "../../api/schema";

/** The drawing: its size, and the field in it that the bars stand on. */
export const WIDTH = 400;
export const HEIGHT = 150;
export const FIELD = { left: 34, right: 392, top: 8, bottom: 128 } as const;

/** Units between two bars. */
const SPACE = 2;

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  count: number;
  /** The rates that it counts. */
  range: string;
}

export interface Mark {
  name: "p50" | "p95" | "p99";
  x: number;
  value: number;
}

export interface Drawing {
  bars: Bar[];
  marks: Mark[];
  /** Counts at the lines across: 0, half, most. */
  ticks: { y: number; count: number }[];
  /** Rates at the ends of the axis. */
  from: string;
  to: string;
  /** All of it in words. */
  text: string;
}

export function drawingOf(histogram: Histogram): Drawing {
  const { bins, binSize, min, max } = histogram;
  const most = Math.max(1, ...bins);
  const step = (FIELD.right - FIELD.left) / Math.max(1, bins.length);
  // All rates are the same: the one bar is in the middle of an axis of any width, and so are the lines.
  const isOne = max <= min;
  const place = (rate: number): number => {
    const share = isOne ? 0.5 : Math.min(1, Math.max(0, (rate - min) / (max - min)));
    return FIELD.left + share * (FIELD.right - FIELD.left);
  };
  const bars = bins.map((count, index) => {
    const height = (count / most) * (FIELD.bottom - FIELD.top);
    return {
      x: FIELD.left + index * step + SPACE / 2,
      y: FIELD.bottom - height,
      width: Math.max(1, step - SPACE),
      height,
      count,
      range: isOne ? rate(min) : `${rate(min + index * binSize)} to ${rate(min + (index + 1) * binSize)}`,
    };
  });
  const marks = (["p50", "p95", "p99"] as const).map((name) => ({ name, x: place(histogram[name]), value: histogram[name] }));
  const total = bins.reduce((sum, count) => sum + count, 0);
  const percentiles = marks.map(({ name, value }) => `${name} ${rate(value)}`).join(", ");
  return {
    bars,
    marks,
    ticks: [0, most / 2, most].filter(Number.isInteger).map((count) => ({ y: FIELD.bottom - (count / most) * (FIELD.bottom - FIELD.top), count })),
    from: rate(min),
    to: rate(max),
    text: `${total} ${total === 1 ? "request" : "requests"} from ${rate(min)} to ${rate(max)} tokens per second, ${percentiles}`,
  };
}

/** A rate without more digits than it deserves. */
export function rate(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
