"""Where a redirect may lead, and what may be shown of an address."""

from __future__ import annotations

import pytest

from workbook_compiler.delivery.addresses import may_lead, same_place, without_secrets


@pytest.mark.parametrize(
    ("first", "place", "may"),
    [
        ("https://a.org/x", "https://b.org/y", True),
        ("https://a.org/x", "http://b.org/y", False),
        ("http://a.org/x", "http://a.org/y", True),
        ("http://a.org/x", "https://a.org/y", True),
        ("https://a.org/x", "http://a.org/y", False),
        ("https://a.org/x", "http://127.0.0.1/y", False),
        ("https://a.org/x", "https://localhost/y", False),
        ("https://a.org/x", "http://[::1]/y", False),
        ("http://127.0.0.1:1/x", "http://localhost:2/y", True),
        ("https://a.org/x", "ftp://b.org/y", False),
        ("https://a.org/x", "file:///etc/passwd", False),
        ("https://a.org/x", "https:///y", False),
    ],
)
def test_bytes_come_from_https_or_from_where_a_person_said(first: str, place: str, may: bool) -> None:
    """Never in plain text from elsewhere, and never from a server of this machine that nobody named."""
    assert may_lead(first, place) == may


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("https://a.org", "https://a.org:443/x", True),
        ("http://a.org", "https://a.org/x", True),
        ("https://a.org", "http://a.org/x", False),
        ("https://a.org", "https://a.org:8443/x", False),
        ("https://a.org", "https://a.org.evil.example/x", False),
        ("https://a.org", "https://a.org@evil.example/x", False),
        ("https://A.org", "https://a.ORG/x", True),
    ],
)
def test_one_place_is_one_scheme_host_and_port(old: str, new: str, same: bool) -> None:
    """And a server may move from http to https."""
    assert same_place(old, new) == same


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:pw@a.org/x?sig=1#y", "https://a.org/x"),
        ("https://a.org/x@y", "https://a.org/x@y"),
        ("https://me:p@w@a.org", "https://a.org"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    """Neither a password nor a signature."""
    assert without_secrets(address) == shown
