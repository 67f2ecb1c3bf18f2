//! What happens at the desk by itself.

/// What falls due: first holds, then sites, each in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Hold(u32),
    Site(u32),
}

impl Due {
    /// One number in the same order: with it a deadline goes into its queue by registers, where an enum would go by
    /// memory and wait for all that was written before.
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Hold(slot) => slot as u64,
            Self::Site(place) => 1 << 32 | place as u64,
        }
    }

    pub(super) const fn of(number: u64) -> Self {
        if number >> 32 == 0 {
            Self::Hold(number as u32)
        } else {
            Self::Site(number as u32)
        }
    }
}
