// The drawings of the sidebar: paths on a field of 24 by 24.

import type { PageName } from "../router/place";

export const ICONS: Record<PageName, string> = {
  overview: "M4 6h9M4 12h16M4 18h6M17 6h3M14 18h6",
  models: "M4 7l8-4 8 4-8 4zM4 12l8 4 8-4M4 17l8 4 8-4",
  playground: "M4 5h16v11H9l-5 4z",
  activity: "M3 12h4l3-8 4 16 3-8h4",
  logs: "M5 4h14v16H5zM8 8h8M8 12h8M8 16h5",
  performance: "M4 20V4M4 20h16M8 16l4-5 3 3 5-7",
  hardware: "M7 7h10v10H7zM10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  config: "M4 7h10M18 7h2M4 17h2M10 17h10M14 5v4M8 15v4",
  settings: "M12 9a3 3 0 100 6 3 3 0 000-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M5.6 18.4l2.2-2.2M16.2 7.8l2.2-2.2",
};
