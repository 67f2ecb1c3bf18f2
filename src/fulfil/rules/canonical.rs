//! Rules as bytes.

use crate::fulfil::rules::{Condition, RankBy, Rules, RulesData};
use crate::id::SiteId;
use crate::ledger::{Canonical, Encoder};
use crate::site::{SiteKind, Tags};

impl Canonical for Rules {
    fn encode(&self, to: &mut Encoder) {
        let RulesData {
            rank,
            hard,
            soft,
            preferences,
        } = self.data();
        to.all(rank.iter());
        to.all(hard.iter());
        to.all(soft.iter());
        preferences.encode(to);
    }
}

impl Canonical for RankBy {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Kind(kind) => of_kind(0, *kind, to),
            Self::Tags(tags) => with_tags(1, *tags, to),
            Self::Home => to.u8(2),
            Self::Sites(sites) => listed(3, sites, to),
            Self::Bucket(width) => {
                to.u8(4);
                to.u64(width.as_millimetres());
            }
            Self::Stock => to.u8(5),
            Self::Room => to.u8(6),
        }
    }
}

impl Canonical for Condition {
    fn encode(&self, to: &mut Encoder) {
        match self {
            Self::Kind(kind) => of_kind(0, *kind, to),
            Self::Tags(tags) => with_tags(1, *tags, to),
            Self::Within(limit) => {
                to.u8(2);
                to.u64(limit.as_millimetres());
            }
            Self::Room(least) => {
                to.u8(3);
                to.u32(least.0);
            }
            Self::Stock(least) => {
                to.u8(4);
                to.u32(least.0);
            }
            Self::Among(sites) => listed(5, sites, to),
            Self::Not(sites) => listed(6, sites, to),
        }
    }
}

fn of_kind(variant: u8, kind: SiteKind, to: &mut Encoder) {
    to.u8(variant);
    to.u8(kind as u8);
}

fn with_tags(variant: u8, tags: Tags, to: &mut Encoder) {
    to.u8(variant);
    to.len(tags.len());
    for tag in tags {
        to.u8(tag.number());
    }
}

fn listed(variant: u8, sites: &[SiteId], to: &mut Encoder) {
    to.u8(variant);
    to.len(sites.len());
    for site in sites {
        to.u64(site.0);
    }
}
