//! Orders that no single site can fill, divided over the fewest sites.
