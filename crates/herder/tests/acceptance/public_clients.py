"""Talks to a running herder through public Python clients, as an application would.

Usage: public_clients.py BASE_URL KEY. The two models of the configuration exclude each other and want the key.
"""

import json
import sys

import anthropic
import httpx
import openai

BASE, KEY = sys.argv[1:]
MESSAGES = [{"role": "user", "content": "Tell me about herds."}]
PATIENCE = 60


def expect(error: type, call) -> Exception:
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")


def openai_client() -> None:
    def client(key: str) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{BASE}/v1", api_key=key, max_retries=0, timeout=PATIENCE)

    herder = client(KEY)
    assert {model.id for model in herder.models.list()} == {"first", "second"}

    for model in ("first", "second", "first"):
        answer = herder.chat.completions.create(model=model, messages=MESSAGES)
        assert answer.choices[0].message.content, answer
        assert answer.usage and answer.usage.completion_tokens > 0, answer

    chunks = list(
        herder.chat.completions.create(
            model="second", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text, chunks
    assert len(chunks) > 2, "the stream came in one piece"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens > 0, chunks[-1]

    assert herder.completions.create(model="second", prompt="Once").choices[0].text
    assert herder.embeddings.create(model="second", input="sheep").data[0].embedding

    unknown = expect(
        openai.NotFoundError, lambda: herder.chat.completions.create(model="nobody", messages=MESSAGES)
    )
    assert unknown.code == "not_found" and "no router for requested model" in unknown.message, unknown
    broken = expect(
        openai.InternalServerError, lambda: herder.chat.completions.create(model="broken", messages=MESSAGES)
    )
    assert broken.status_code == 502 and "no-such-program" in broken.message, broken
    expect(openai.NotFoundError, lambda: herder.fine_tuning.jobs.list())
    wrong = expect(openai.AuthenticationError, lambda: client("wrong").models.list())
    assert wrong.code == "unauthorized", wrong

    # An application that loses interest must not keep the model busy for the other one.
    stream = herder.chat.completions.create(model="first", messages=MESSAGES, stream=True)
    next(iter(stream))
    stream.close()
    assert herder.chat.completions.create(model="second", messages=MESSAGES).choices


def anthropic_client() -> None:
    def client(key: str) -> anthropic.Anthropic:
        return anthropic.Anthropic(base_url=BASE, api_key=key, max_retries=0, timeout=PATIENCE)

    herder = client(KEY)
    answer = herder.messages.create(model="first", max_tokens=64, messages=MESSAGES)
    assert answer.content[0].text and answer.usage.output_tokens > 0, answer
    with herder.messages.stream(model="second", max_tokens=64, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream)
        assert stream.get_final_message().usage.output_tokens > 0
    counted = herder.messages.count_tokens(model="first", system="Be brief.", messages=MESSAGES)
    assert counted.input_tokens == answer.usage.input_tokens + 2, (counted, answer)

    def expect_unknown(call) -> None:
        unknown = expect(anthropic.NotFoundError, call)
        assert "no router for requested model" in unknown.message, unknown

    expect_unknown(lambda: herder.messages.create(model="nobody", max_tokens=8, messages=MESSAGES))
    expect_unknown(lambda: herder.messages.count_tokens(model="nobody", messages=MESSAGES))
    wrong = expect(
        anthropic.AuthenticationError,
        lambda: client("wrong").messages.create(model="first", max_tokens=8, messages=MESSAGES),
    )
    assert "invalid or missing API key" in wrong.message, wrong


def plain_client() -> None:
    chat = {"model": "first", "messages": MESSAGES}
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=BASE, headers=headers, timeout=PATIENCE) as herder:
        listed = herder.get("/v1/models").raise_for_status().json()
        assert [model["id"] for model in listed["data"]] == ["first", "second"], listed

        answer = herder.post("/v1/chat/completions", json=chat).raise_for_status().json()
        assert answer["choices"][0]["message"]["content"], answer

        with herder.stream("POST", "/v1/chat/completions", json=chat | {"stream": True}) as stream:
            assert stream.headers["content-type"] == "text/event-stream", stream.headers
            events = [line.removeprefix("data: ") for line in stream.iter_lines() if line]
        assert events[-1] == "[DONE]" and len(events) > 2, events
        deltas = [json.loads(event)["choices"][0]["delta"] for event in events[:-1]]
        assert "".join(delta.get("content") or "" for delta in deltas), deltas

        embedded = herder.post("/v1/embeddings", json={"model": "first", "input": ["sheep", "goat"]})
        assert len(embedded.raise_for_status().json()["data"]) == 2, embedded.text

        counted = herder.post("/v1/messages/count_tokens", json=chat).raise_for_status().json()
        assert counted == {"input_tokens": 4}, counted

        missing = herder.post("/v1/chat/completions", json=chat | {"model": "nobody"})
        error = expect(httpx.HTTPStatusError, missing.raise_for_status)
        assert error.response.status_code == 404, error
        assert missing.json() == {
            "src": "llama-swap",
            "error": {
                "message": "no router for requested model",
                "type": "invalid_request_error",
                "param": None,
                "code": "not_found",
            },
        }, missing.text
        # A person with a terminal asks for text.
        missing = herder.post("/v1/chat/completions", json=chat | {"model": "nobody"}, headers={"Accept": "text/plain"})
        assert missing.text == "llama-swap: no router for requested model", missing.text


openai_client()
anthropic_client()
plain_client()
print("all clients are content")
