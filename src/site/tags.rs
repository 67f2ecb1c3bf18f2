use core::fmt;
use core::iter::FusedIterator;
use core::str::FromStr;

/// One thing a site can do and an order can need.
///
/// Numbers 0 to 15 belong to the library, which names a few of them; 16 to 63 are the caller's. As text, and in serde
/// form, a named tag is its name (`cold-chain`) and a custom one its number (`tag-17`), both fixed for all versions.
///
/// ```
/// use catchment::site::Tag;
/// let prescription = Tag::custom(17)?;
/// assert_eq!(prescription.to_string(), "tag-17");
/// assert_eq!("cold-chain".parse(), Ok(Tag::COLD_CHAIN));
/// assert!(Tag::custom(3).is_err() && Tag::custom(64).is_err());
/// # Ok::<(), catchment::site::TagError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub struct Tag(u8);

impl Tag {
    /// Keeps goods chilled until they are fetched (冷链).
    pub const COLD_CHAIN: Self = Self(0);
    /// Keeps goods frozen until they are fetched.
    pub const FROZEN: Self = Self(1);
    /// Has room for parcels that two people carry.
    pub const LARGE_PARCEL: Self = Self(2);
    /// Brings orders to the door (送货上门).
    pub const DELIVERY: Self = Self(3);
    /// May hand out what is sold to adults only.
    pub const AGE_CHECK: Self = Self(4);

    /// The first number that is the caller's.
    pub const CUSTOM_MIN: u8 = 16;
    /// The last number there is.
    pub const CUSTOM_MAX: u8 = 63;

    /// The named tags. A name never changes and a number is never used twice.
    const NAMES: [(Self, &'static str); 5] = [
        (Self::COLD_CHAIN, "cold-chain"),
        (Self::FROZEN, "frozen"),
        (Self::LARGE_PARCEL, "large-parcel"),
        (Self::DELIVERY, "delivery"),
        (Self::AGE_CHECK, "age-check"),
    ];

    /// A tag of the caller's own, 16 to 63.
    ///
    /// # Errors
    ///
    /// [`TagError::NotCustom`] for any other number.
    pub const fn custom(number: u8) -> Result<Self, TagError> {
        match number {
            Self::CUSTOM_MIN..=Self::CUSTOM_MAX => Ok(Self(number)),
            _ => Err(TagError::NotCustom { number }),
        }
    }

    /// The number, 0 to 63.
    ///
    /// ```
    /// use catchment::site::Tag;
    /// assert_eq!(Tag::custom(20)?.number(), 20);
    /// # Ok::<(), catchment::site::TagError>(())
    /// ```
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    const fn bit(self) -> u64 {
        1 << self.0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(tag, _)| tag == self) {
            Some((_, name)) => f.pad(name),
            None => f.pad(&format!("tag-{}", self.0)),
        }
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Tag {
    type Err = TagError;

    /// Reads the form that `Display` writes.
    fn from_str(text: &str) -> Result<Self, TagError> {
        if let Some((tag, _)) = Self::NAMES.iter().find(|(_, name)| *name == text) {
            return Ok(*tag);
        }
        let unknown = || TagError::Unknown { text: text.into() };
        let number = text.strip_prefix("tag-").ok_or_else(unknown)?;
        // One text for one tag: "tag-+17" and "tag-017" are numbers to the standard library.
        let canonical = !number.starts_with(['+', '0']);
        let number = number.parse().ok().filter(|_| canonical);
        Self::custom(number.ok_or_else(unknown)?)
    }
}

impl TryFrom<String> for Tag {
    type Error = TagError;

    fn try_from(text: String) -> Result<Self, TagError> {
        text.parse()
    }
}

impl From<Tag> for String {
    fn from(tag: Tag) -> Self {
        tag.to_string()
    }
}

/// A set of [`Tag`]s: what a site offers, or what an order needs. Eight bytes; every operation is O(1).
///
/// In serde form it is the list of its tags: `["cold-chain", "tag-17"]`.
///
/// ```
/// use catchment::site::{Tag, Tags};
/// const OFFERED: Tags = Tags::NONE.with(Tag::COLD_CHAIN).with(Tag::DELIVERY);
/// let needed = Tags::of(&[Tag::COLD_CHAIN, Tag::LARGE_PARCEL]);
/// assert!(!OFFERED.contains_all(needed));
/// assert_eq!(needed.missing_from(OFFERED).to_string(), "large-parcel");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Vec<Tag>", into = "Vec<Tag>"))]
pub struct Tags(u64);

impl Tags {
    /// The empty set: the default.
    pub const NONE: Self = Self(0);

    /// The set of these tags; naming one twice changes nothing.
    ///
    /// ```
    /// use catchment::site::{Tag, Tags};
    /// assert_eq!(Tags::of(&[Tag::FROZEN, Tag::FROZEN]).len(), 1);
    /// ```
    #[must_use]
    pub const fn of(tags: &[Tag]) -> Self {
        // A loop by index, because iterators are not const.
        let mut set = Self::NONE;
        let mut place = 0;
        while place < tags.len() {
            set = set.with(tags[place]);
            place += 1;
        }
        set
    }

    /// This set and one tag more.
    #[must_use]
    pub const fn with(self, tag: Tag) -> Self {
        Self(self.0 | tag.bit())
    }

    /// The tags in either set.
    ///
    /// ```
    /// use catchment::site::{Tag, Tags};
    /// let both = Tags::from(Tag::FROZEN).union(Tag::DELIVERY.into());
    /// assert_eq!(both.to_string(), "frozen, delivery");
    /// ```
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The tags of this set that `offered` lacks: what a refusal names.
    ///
    /// ```
    /// use catchment::site::{Tag, Tags};
    /// let needed = Tags::from(Tag::FROZEN);
    /// assert_eq!(needed.missing_from(Tags::NONE), needed);
    /// assert!(needed.missing_from(needed).is_empty());
    /// ```
    #[must_use]
    pub const fn missing_from(self, offered: Self) -> Self {
        Self(self.0 & !offered.0)
    }

    /// Whether the tag is in the set.
    ///
    /// ```
    /// use catchment::site::{Tag, Tags};
    /// assert!(!Tags::NONE.contains(Tag::DELIVERY));
    /// ```
    #[must_use]
    pub const fn contains(self, tag: Tag) -> bool {
        self.0 & tag.bit() != 0
    }

    /// Whether every one of `needed` is in the set; of nothing, always.
    ///
    /// ```
    /// use catchment::site::Tags;
    /// assert!(Tags::NONE.contains_all(Tags::NONE));
    /// ```
    #[must_use]
    pub const fn contains_all(self, needed: Self) -> bool {
        needed.missing_from(self).is_empty()
    }

    /// Whether the set has no tag.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The number of tags, 0 to 64.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The tags in the order of their numbers.
    ///
    /// ```
    /// use catchment::site::{Tag, Tags};
    /// let tags = Tags::of(&[Tag::DELIVERY, Tag::COLD_CHAIN]);
    /// assert!(tags.iter().eq([Tag::COLD_CHAIN, Tag::DELIVERY]));
    /// ```
    #[must_use]
    pub const fn iter(self) -> TagsIter {
        TagsIter(self)
    }
}

impl fmt::Display for Tags {
    /// The tags with commas between them; `none` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.pad("none");
        }
        let names: Vec<String> = self.iter().map(String::from).collect();
        f.pad(&names.join(", "))
    }
}

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl From<Tag> for Tags {
    fn from(tag: Tag) -> Self {
        Self::NONE.with(tag)
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Self {
        tags.into_iter().fold(Self::NONE, Self::with)
    }
}

impl From<Vec<Tag>> for Tags {
    fn from(tags: Vec<Tag>) -> Self {
        Self::of(&tags)
    }
}

impl From<Tags> for Vec<Tag> {
    fn from(tags: Tags) -> Self {
        tags.iter().collect()
    }
}

impl IntoIterator for Tags {
    type Item = Tag;
    type IntoIter = TagsIter;

    fn into_iter(self) -> TagsIter {
        self.iter()
    }
}

/// The tags of a set in the order of their numbers; made by [`Tags::iter`].
///
/// ```
/// use catchment::site::{Tag, Tags};
/// assert_eq!(Tags::from(Tag::DELIVERY).iter().next(), Some(Tag::DELIVERY));
/// ```
#[derive(Clone, Debug)]
pub struct TagsIter(Tags);

impl Iterator for TagsIter {
    type Item = Tag;

    fn next(&mut self) -> Option<Tag> {
        if self.0.is_empty() {
            return None;
        }
        let lowest = Tag(self.0.0.trailing_zeros() as u8);
        self.0 = self.0.missing_from(lowest.into());
        Some(lowest)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl ExactSizeIterator for TagsIter {}
impl FusedIterator for TagsIter {}

/// A number or a text that is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// A number that is reserved or does not exist.
    #[error(
        "tag {number} is not a custom tag, which go from {} to {}",
        Tag::CUSTOM_MIN,
        Tag::CUSTOM_MAX
    )]
    NotCustom {
        /// The number given.
        number: u8,
    },
    /// A text that is neither a name nor `tag-` and a number below 256.
    #[error("{text:?} is not a tag")]
    Unknown {
        /// The text given.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    /// Every tag there is, named, custom, or reserved for later.
    fn any_tags() -> impl Strategy<Value = (Tags, BTreeSet<Tag>)> {
        any::<u64>().prop_map(|bits| {
            let members = (0..64).filter(|number| bits >> number & 1 == 1);
            (Tags(bits), members.map(Tag).collect())
        })
    }

    proptest! {
        #[test]
        fn tags_obey_the_laws_of_sets((a, set_a) in any_tags(), (b, set_b) in any_tags(), tag in 0..64_u8) {
            prop_assert!(a.iter().eq(set_a.iter().copied()));
            prop_assert_eq!(a.iter().len(), set_a.len());
            prop_assert_eq!(set_a.iter().copied().collect::<Tags>(), a);
            prop_assert_eq!(a.contains(Tag(tag)), set_a.contains(&Tag(tag)));
            prop_assert_eq!(a.contains_all(b), set_a.is_superset(&set_b));
            prop_assert!(a.union(b).iter().eq(set_a.union(&set_b).copied()));
            prop_assert!(a.missing_from(b).iter().eq(set_a.difference(&set_b).copied()));
            prop_assert!(a.union(b).contains_all(b));
            prop_assert_eq!((a.is_empty(), a.len()), (set_a.is_empty(), set_a.len()));
        }
    }

    #[test]
    fn numbers_and_names_that_are_tags() {
        for number in 0..=255 {
            let custom = (16..64).contains(&number);
            assert_eq!(Tag::custom(number).is_ok(), custom, "{number}");
            assert_eq!(format!("tag-{number}").parse::<Tag>().is_ok(), custom);
        }
        for (number, (tag, name)) in (0..).zip(Tag::NAMES) {
            assert_eq!(tag.number(), number);
            assert_eq!((tag.to_string(), name.parse()), (name.into(), Ok(tag)));
        }
        for text in [
            "", "Frozen", "tag-", "tag-+17", "tag-017", "tag-17 ", "tag-256", "17",
        ] {
            let text = text.to_owned();
            assert_eq!(text.parse::<Tag>(), Err(TagError::Unknown { text }));
        }
    }

    #[test]
    fn sets_print_as_lists() {
        let tags: Tags = [Tag(63), Tag::FROZEN, Tag(16)].into_iter().collect();
        assert_eq!(tags.to_string(), "frozen, tag-16, tag-63");
        assert_eq!(
            format!("{tags:?} {:?}", Tags::NONE),
            "{frozen, tag-16, tag-63} {}"
        );
        assert_eq!(Tags::NONE.to_string(), "none");
    }

    #[cfg(feature = "serde")]
    #[test]
    fn sets_are_lists_of_names_in_serde_form() {
        let tags = Tags::of(&[Tag(17), Tag::COLD_CHAIN]);
        let json = r#"["cold-chain","tag-17"]"#;
        assert_eq!(serde_json::to_string(&tags).ok().as_deref(), Some(json));
        assert_eq!(serde_json::from_str(json).ok(), Some(tags));
        for bad in [r#"["tag-5"]"#, r#"["tag-64"]"#, r#"["warm"]"#, "[17]", "17"] {
            assert!(serde_json::from_str::<Tags>(bad).is_err(), "{bad}");
        }
    }
}
