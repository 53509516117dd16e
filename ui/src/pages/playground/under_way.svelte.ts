// How many requests of the playground are under way, those of the concurrency test aside: they go on while other pages are shown, and the
// sidebar says so. Apart from the rest of the playground, which is no part of the first load.

export const underWay = $state({ requests: 0 });
