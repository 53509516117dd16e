// Something to try a reranker with.

export const QUERY = "How can I keep herbs fresh?";

export const DOCUMENTS = [
  "Stand the stems of parsley in a glass of water, like a bunch of flowers, and cover it loosely.",
  "Basil turns black in the cold: keep it at room temperature.",
  "The ferry to the island leaves at seven and at noon.",
  "Rosemary and thyme last two weeks when they are wrapped in a damp towel.",
  "Chopped chives can be frozen in ice cube trays.",
  "A sharp knife bruises leaves less than a blunt one.",
  "Herring swim in schools of many millions.",
  "Dried oregano keeps its taste for about a year in a dark jar.",
  "Shepherds count their sheep twice a day.",
];
