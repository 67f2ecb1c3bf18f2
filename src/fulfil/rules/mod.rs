//! Policies as data: an ordered list of rules that ranks sites, and what a site must offer at all.
