"""``GET …?frame=edit``: what a record holds, links as paths, as ENCODE's and IGVF's portals give it to who may change it.

A PUT takes it back. 4DN's portal has none, and neither has the snovault it is made of.
"""

from __future__ import annotations

from typing import Any

from snovault.resources import Item


def includeme(config: Any) -> None:
    """Add the view."""
    config.add_view(edit, name="edit", context=Item, request_method="GET", permission="edit")


def edit(context: Any, request: Any) -> dict[str, Any]:
    """The stored properties, without what is worked out from them."""
    return context.item_with_links(request)
