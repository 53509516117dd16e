// What happened to the models, as marks in the charts, and what is told of them.

import type { ChartMark, Range } from "../../components/time_chart/chart";
import type { Happening } from "../overview/happenings";

/** Share of the range within which a mark belongs to the moment that is looked at: about a finger's width. */
const NEAR = 0.015;

/** The happenings of a range as marks. */
export function marksOf(happenings: readonly Happening[], range: Range): ChartMark[] {
  return happenings.filter(({ at }) => at >= range.from && at <= range.to).map(({ at, outcome }) => ({ at, kind: kindOf(outcome) }));
}

/** The happening at a moment: the nearest, if it is near. */
export function happeningAt(happenings: readonly Happening[], moment: number, range: Range): Happening | null {
  const distance = (happening: Happening): number => Math.abs(happening.at - moment);
  const [first, ...others] = happenings;
  if (first === undefined) return null;
  const nearest = others.reduce((best, other) => (distance(other) < distance(best) ? other : best), first);
  return distance(nearest) <= NEAR * (range.to - range.from) ? nearest : null;
}

function kindOf(outcome: Happening["outcome"]): ChartMark["kind"] {
  switch (outcome) {
    case "ready":
    case "in progress":
      return "load";
    case "stopped":
    case "abandoned":
      return "stop";
    case "failed":
    case "crashed":
      return "failure";
  }
}
