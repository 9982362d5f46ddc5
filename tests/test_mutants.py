"""Each mutant can be applied, and the test that must notice it exists. Running them takes minutes:
`python -m tests.mutants`."""

import re

import pytest

from tests.mutants.catalogue import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_text_to_replace_is_there_once_and_so_is_the_test(mutant: Mutant) -> None:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    path, *names = mutant.test.split("::")
    tests = (ROOT / path).read_text(encoding="utf-8")
    assert [name for name in names if not re.search(rf"(def|class) {name}\b", tests)] == []
