// Draws charts over time with uPlot. Heavy, so it is imported only when a chart is there to be drawn. What is drawn comes from chart.ts;
// the moment that is looked at and the range are the page's, so that all charts share them.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clockTime } from "../../format/time";
import { colourOf, dashOf, type Chart, type ChartMark, type Range } from "./chart";

/** Pixels from top to bottom, the axis included. */
export const HEIGHT = 190;

/** Pixels for the texts of the axis of values. */
const VALUES_WIDTH = 72;

/** Pixels for those of the axis of time. */
const TIMES_HEIGHT = 28;

/** Distances between ticks that people read easily, in milliseconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000);

/** Pixels that have to be dragged over to mean a range. */
const LEAST_DRAG = 5;

/** Room above the highest value, where the axis has no fixed end. */
const HEADROOM = 1.1;

const FONT = "11px system-ui, sans-serif";

const MARKS: Record<ChartMark["kind"], { sign: string; colour: string; dash: number[] }> = {
  load: { sign: "▲", colour: "--ready", dash: [4, 3] },
  stop: { sign: "▼", colour: "--stopping", dash: [2, 3] },
  failure: { sign: "✕", colour: "--failed", dash: [] },
};

export interface Shown {
  chart: Chart;
  range: Range;
  marks: readonly ChartMark[];
}

export interface Callbacks {
  /** The pointer is at a moment, or has left. */
  onmoment: (moment: number | null) => void;
  /** A range was dragged over; `null`: the whole window is wanted again. */
  onzoom: (range: Range | null) => void;
}

/** One chart in the document. Its lines stay; what they hold changes. */
export class Plot {
  #plot: uPlot;
  #host: HTMLElement;
  #shown: Shown;
  #isPointed = false;

  constructor(host: HTMLElement, width: number, shown: Shown, on: Callbacks) {
    this.#host = host;
    this.#shown = shown;
    this.#plot = new uPlot(this.#options(width, on), dataOf(shown.chart), host);
    const over = this.#plot.over;
    over.addEventListener("pointermove", (event) => {
      this.#isPointed = true;
      on.onmoment(this.#plot.posToVal(event.offsetX, "x"));
    });
    over.addEventListener("pointerleave", () => {
      this.#isPointed = false;
      on.onmoment(null);
    });
    over.addEventListener("dblclick", () => on.onzoom(null));
  }

  /** Draws something newer. */
  show(shown: Shown): void {
    this.#shown = shown;
    this.#plot.setData(dataOf(shown.chart));
  }

  /** Puts the cursor at a moment, unless the pointer does. */
  point(moment: number | null): void {
    if (this.#isPointed) return;
    const { from, to } = this.#shown.range;
    const isVisible = moment !== null && moment >= from && moment <= to;
    this.#plot.setCursor({ left: isVisible ? this.#plot.valToPos(moment, "x") : -10, top: isVisible ? 0 : -10 }, false);
  }

  resize(width: number): void {
    if (width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
  }

  /** Draws in the colours that the page has now. */
  recolour(): void {
    this.#plot.redraw(false);
  }

  destroy(): void {
    this.#plot.destroy();
  }

  #options(width: number, on: Callbacks): uPlot.Options {
    const colour = (name: string) => () => this.#colour(name);
    const axis = { stroke: colour("--muted"), font: FONT, grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1, size: 4 } };
    const isPoints = this.#shown.chart.kind === "points";
    return {
      width,
      height: HEIGHT,
      ms: 1,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG } },
      scales: {
        x: { time: true, range: () => [this.#shown.range.from, this.#shown.range.to] },
        y: { range: (_, __, highest) => [0, this.#shown.chart.most ?? (highest > 0 ? highest * HEADROOM : 1)] },
      },
      axes: [
        { ...axis, size: TIMES_HEIGHT, space: 70, incrs: STEPS, values: (_, moments, __, ___, step) => moments.map((moment) => tickText(moment, step)) },
        { ...axis, size: VALUES_WIDTH, values: (_, values) => values.map((value) => this.#shown.chart.text(value)) },
      ],
      series: [
        {},
        ...this.#shown.chart.lines.map((line, index): uPlot.Series => ({
          stroke: colour(line.isFaint ? "--line-strong" : `--series-${colourOf(index)}`),
          width: line.isFaint ? 0.5 : 1.75,
          ...(line.isFaint ? {} : { dash: dashOf(index) }),
          spanGaps: isPoints,
          points: isPoints ? { show: true, size: 6 } : { size: 4 },
        })),
      ],
      hooks: {
        draw: [() => this.#drawMarks()],
        setSelect: [
          (plot) => {
            const { left, width: length } = plot.select;
            if (length < LEAST_DRAG) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            on.onzoom({ from: plot.posToVal(left, "x"), to: plot.posToVal(left + length, "x") });
          },
        ],
      },
    };
  }

  #drawMarks(): void {
    const { ctx, bbox } = this.#plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${10 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    ctx.lineWidth = ratio;
    for (const { at, kind } of this.#shown.marks) {
      const { sign, colour, dash } = MARKS[kind];
      const x = Math.round(this.#plot.valToPos(at, "x", true));
      ctx.strokeStyle = ctx.fillStyle = this.#colour(colour);
      ctx.setLineDash(dash.map((length) => length * ratio));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top + 11 * ratio);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(sign, x, bbox.top);
    }
    ctx.restore();
  }

  #colour(name: string): string {
    return getComputedStyle(this.#host).getPropertyValue(name);
  }
}

function dataOf(chart: Chart): uPlot.AlignedData {
  return [chart.times, ...chart.lines.map(({ values }) => values)];
}

function tickText(moment: number, step: number): string {
  const text = clockTime(moment);
  return step < 60_000 ? text : text.slice(0, -3);
}
