use crate::time::Window;

/// When the buyer wants it.
///
/// ```
/// assert_eq!(catchment::fulfil::WindowWish::default(), catchment::fulfil::WindowWish::Earliest);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WindowWish {
    /// In the earliest window that works.
    #[default]
    Earliest,
    /// In this one.
    In(Window),
}
