//! Service areas.

use crate::geo::*;
use crate::limits::Limits;
use crate::units::Distance;
/// area
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ServiceArea {
    /// a
    #[default]
    Unlimited,
    /// b
    Radius(Distance),
}
/// error
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("x")]
pub struct AreaError;
#[derive(Clone, Debug)]
pub(crate) enum CompiledArea {
    Unlimited,
    Radius { distance: Distance, chord2: f64 },
}
impl CompiledArea {
    pub(crate) fn compile(a: &ServiceArea, _l: &Limits) -> Result<Self, AreaError> {
        Ok(match a {
            ServiceArea::Unlimited => Self::Unlimited,
            ServiceArea::Radius(r) => Self::Radius {
                distance: *r,
                chord2: chord2_reaching(*r),
            },
        })
    }
    pub(crate) fn reach2(&self, _at: UnitVector) -> f64 {
        match self {
            Self::Unlimited => f64::INFINITY,
            Self::Radius { chord2, .. } => *chord2,
        }
    }
    pub(crate) fn cap(&self, at: UnitVector) -> Option<(UnitVector, f64)> {
        match self {
            Self::Unlimited => None,
            Self::Radius { chord2, .. } => Some((at, chord2.min(5.0))),
        }
    }
    pub(crate) fn contains(&self, _a: &Address, chord: Chord) -> bool {
        match self {
            Self::Unlimited => true,
            Self::Radius { distance, chord2 } => {
                chord.chord2 <= *chord2 && chord.distance() <= *distance
            }
        }
    }
}
/// An address
#[derive(Debug)]
pub(crate) struct Address {
    pub(crate) position: Position,
    pub(crate) at: UnitVector,
}
impl From<Position> for Address {
    fn from(position: Position) -> Self {
        Self {
            position,
            at: position.unit_vector(),
        }
    }
}
