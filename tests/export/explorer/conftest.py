"""Exports, a browser and its page, shared by the tests of this folder."""

import functools

import pytest

from tests.helpers.explorer import Exported
from tests.helpers.explorer import export_all
from tests.helpers.explorer import go_to
from tests.helpers.explorer import open_page


@pytest.fixture(scope="package")
def exported(tmp_path_factory):
    """A function from the name of a specification to its exports."""

    @functools.cache
    def export(name: str) -> Exported:
        return export_all(name, tmp_path_factory.mktemp(name))

    return export


@pytest.fixture(scope="package")
def digits(exported):
    return exported("digits")


@pytest.fixture(scope="package")
def shared_page(browser, digits):
    with open_page(browser, digits.page.as_uri()) as page:
        yield page


@pytest.fixture
def page(shared_page):
    """The page of the digits in its initial state."""
    go_to(shared_page, "")
    return shared_page
