"""One file for each portal family; ``resources.portals()`` finds them."""
