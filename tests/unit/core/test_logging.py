"""The log: one line per event, and no secret in it whatever is written."""

import io
import json

from mediafetcher.core import logging

CANARY = "canary-5f2c"


def written(form: str, message: str, **fields: object) -> str:
    stream = io.StringIO()
    logging.setup("debug", form, stream)
    logging.get("test").info(message, **fields)
    return stream.getvalue()


def test_a_line_is_a_line_whatever_a_title_holds() -> None:
    text = written("text", "download done", title="a\nb\r\x1b[31mc\u2028d", seconds=1.23456)
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "seconds=1.235" in text


def test_secrets_are_masked_by_name_and_by_shape() -> None:
    for form in ("text", "json"):
        text = written(
            form,
            f"GET https://u:{CANARY}@site.test/v?key={CANARY}",
            password=CANARY,
            cookie=f"sid={CANARY}",
            header=f"Bearer mf_{CANARY}",
            url=f"https://site.test/watch?token={CANARY}",
        )
        assert CANARY not in text


def test_json_lines_parse_and_carry_bound_fields() -> None:
    stream = io.StringIO()
    logging.setup("info", "json", stream)
    with logging.bind(job=7):
        logging.get("work").warning("slow", stage="download")
    line = json.loads(stream.getvalue())
    assert (line["job"], line["stage"], line["message"], line["log"]) == (7, "download", "slow", "mf.work")


def test_an_exception_stays_on_its_line() -> None:
    stream = io.StringIO()
    logging.setup("info", "text", stream)
    try:
        raise ValueError(f"mf_{CANARY}")
    except ValueError:
        logging.get("work").exception("failed")
    assert stream.getvalue().count("\n") == 1
    assert CANARY not in stream.getvalue()
