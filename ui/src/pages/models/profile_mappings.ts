// What a profile makes of the names that clients ask for.

import type { Profile } from "../../api/schema";

export interface Mapping {
  requested: string;
  /** Empty: the name is disabled. */
  target: string;
}

/** In order of the requested name. */
export function mappings(profile: Pick<Profile, "pins">): Mapping[] {
  return Object.entries(profile.pins)
    .map(([requested, target]) => ({ requested, target }))
    .sort((a, b) => a.requested.localeCompare(b.requested, "en", { numeric: true }));
}
