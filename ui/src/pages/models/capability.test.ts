import { describe, expect, it } from "vitest";
import { capabilityTags } from "./capability";

describe("capability tags", () => {
  it("come in their order, context last", () => {
    const tags = capabilityTags({
      capabilities: { reranker: true, function_calling: true, vision: true, audio_speech: false },
      context_length: 65_536,
    });
    expect(tags.map((tag) => tag.text)).toEqual(["Vision", "Function Calling", "Reranker", "66K"]);
    expect(tags.at(-1)?.title).toBe("Context of 65536 tokens");
  });
  it("none", () => expect(capabilityTags({})).toEqual([]));
});
