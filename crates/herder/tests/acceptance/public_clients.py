"""Talks to a running herder through the official Python clients, as an application would.

Usage: public_clients.py BASE_URL KEY. The two models of the configuration exclude each other and want the key.
"""

import sys

import anthropic
import openai

BASE, KEY = sys.argv[1:]
MESSAGES = [{"role": "user", "content": "Tell me about herds."}]


def client(key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{BASE}/v1", api_key=key, max_retries=0, timeout=60)


def expect(error: type, call) -> Exception:
    try:
        call()
    except error as raised:
        return raised
    raise AssertionError(f"{error.__name__} was not raised")


def openai_client() -> None:
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
    expect(openai.AuthenticationError, lambda: client("wrong").models.list())

    # An application that loses interest must not keep the model busy for the other one.
    stream = herder.chat.completions.create(model="first", messages=MESSAGES, stream=True)
    next(iter(stream))
    stream.close()
    assert herder.chat.completions.create(model="second", messages=MESSAGES).choices


def anthropic_client() -> None:
    herder = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0, timeout=60)
    answer = herder.messages.create(model="first", max_tokens=64, messages=MESSAGES)
    assert answer.content[0].text and answer.usage.output_tokens > 0, answer
    with herder.messages.stream(model="second", max_tokens=64, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream)
    expect(
        anthropic.NotFoundError,
        lambda: herder.messages.create(model="nobody", max_tokens=8, messages=MESSAGES),
    )
    wrong = anthropic.Anthropic(base_url=BASE, api_key="wrong", max_retries=0)
    expect(
        anthropic.AuthenticationError,
        lambda: wrong.messages.create(model="first", max_tokens=8, messages=MESSAGES),
    )


openai_client()
anthropic_client()
print("both clients are content")
