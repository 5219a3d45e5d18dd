"""The page names the fields of templates that the server knows."""

import json
import re

from mediafetcher.library.export import template
from tests.faults.program import REPOSITORY

_LIST = re.compile(r"const FIELDS = (\[[^\]]*\])")


def test_fields_of_templates_on_the_page_are_those_of_the_server() -> None:
    pages = (REPOSITORY / "web" / "src" / "features" / "settings").rglob("*.ts*")
    lists = [found[1] for page in pages if (found := _LIST.search(page.read_text()))]
    assert [json.loads(re.sub(r",\s*\]", "]", one)) for one in lists] == [list(template.FIELDS)]
