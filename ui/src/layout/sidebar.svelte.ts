// Whether the sidebar is open, folded to icons, or, on a narrow screen, a sheet over the page; and what its list of models shows.

import { isFlag, Preference } from "../preference.svelte";

class SidebarState {
  /** Folded to icons on a wide screen. */
  folded = new Preference("sidebar-folded", false, isFlag);
  /** The sheet of a narrow screen. */
  sheet = $state(false);
  /** The list of models in it. */
  models = new Preference("sidebar-models", true, isFlag);
  /** Unlisted models, here and on the page of models. */
  unlisted = new Preference("show-unlisted", false, isFlag);
  /** What models can do, on the page of models. */
  capabilityTags = new Preference("capability-tags", false, isFlag);

  toggle(): void {
    if (matchMedia("(max-width: 47.99rem)").matches) this.sheet = !this.sheet;
    else this.folded.value = !this.folded.value;
  }
}

export const sidebar = new SidebarState();
