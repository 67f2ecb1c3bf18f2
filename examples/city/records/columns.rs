//! Which column is which: by the names given on the command line, or by the usual spellings.

use std::fmt;

use super::Datum;

/// The usual headers; the first one present wins. Capitals make no difference.
const LONGITUDE: [&str; 5] = ["lon", "lng", "longitude", "long", "经度"];
const LATITUDE: [&str; 3] = ["lat", "latitude", "纬度"];
const KIND: &str = "kind";
const RADIUS: &str = "radius_m";
const ACTUAL_SITE: &str = "actual_site_id";

/// The column names the user gave; the rest is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct ColumnNames {
    /// A column, or [`LINE_NUMBER`](Self::LINE_NUMBER). By default the first column, unless that is a coordinate.
    pub(crate) id: Option<String>,
    pub(crate) longitude: Option<String>,
    pub(crate) latitude: Option<String>,
    /// What a pickup point takes. Without a name no column is read.
    pub(crate) capacity: Option<String>,
}

impl ColumnNames {
    /// Instead of a column: the line number is the id.
    pub(crate) const LINE_NUMBER: &str = "#";
}

/// Where the columns of one file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// `None` if the line number is the id.
    pub(super) id: Option<usize>,
    pub(super) longitude: usize,
    pub(super) latitude: usize,
    pub(super) kind: Option<usize>,
    pub(super) radius: Option<usize>,
    pub(super) capacity: Option<usize>,
    pub(super) actual_site: Option<usize>,
    /// The header as it is in the file.
    names: Vec<String>,
}

/// Why a header does not tell which column is which.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ColumnError {
    #[error("no column `{wanted}`; the header is: {header}")]
    Missing { wanted: String, header: String },
    #[error("two columns are called `{name}`")]
    Twice { name: String },
}

impl Columns {
    /// Looks for the columns in a header.
    ///
    /// A pair of columns that names the datum asked for, such as `lon_gcj02` and `lat_gcj02`, is preferred to a
    /// plain pair.
    pub(super) fn find(
        names: Vec<String>,
        given: &ColumnNames,
        datum: Datum,
    ) -> Result<Self, ColumnError> {
        let header = Header(&names);
        let (longitude, latitude) = match (&given.longitude, &given.latitude) {
            (Some(longitude), Some(latitude)) => {
                (header.named(longitude)?, header.named(latitude)?)
            }
            (longitude, latitude) => {
                let found = header.coordinates(datum)?;
                let either = |given: &Option<String>, found: Option<usize>, usual: &str| match (
                    given, found,
                ) {
                    (Some(name), _) => header.named(name),
                    (None, Some(index)) => Ok(index),
                    (None, None) => Err(header.lacks(usual)),
                };
                (
                    either(longitude, found.0, LONGITUDE[0])?,
                    either(latitude, found.1, LATITUDE[0])?,
                )
            }
        };
        let id = match given.id.as_deref() {
            Some(ColumnNames::LINE_NUMBER) => None,
            Some(name) => Some(header.named(name)?),
            None => Some(0).filter(|first| ![longitude, latitude].contains(first)),
        };
        let (kind, radius) = (header.index(KIND)?, header.index(RADIUS)?);
        let actual_site = header.index(ACTUAL_SITE)?;
        let capacity = given.capacity.as_deref();
        let capacity = capacity.map(|name| header.named(name)).transpose()?;
        Ok(Self {
            id,
            longitude,
            latitude,
            kind,
            radius,
            capacity,
            actual_site,
            names,
        })
    }

    /// The number of fields in every row.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The header of a column.
    pub(super) fn name(&self, index: usize) -> &str {
        &self.names[index]
    }
}

impl fmt::Display for Columns {
    /// What was found, for the user to check: "id `site_id`; position `lon`, `lat`".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "id `{}`", self.name(id))?,
            None => f.write_str("id = line number")?,
        }
        let (longitude, latitude) = (self.name(self.longitude), self.name(self.latitude));
        write!(f, "; position `{longitude}`, `{latitude}`")?;
        for column in [self.kind, self.radius, self.capacity, self.actual_site]
            .into_iter()
            .flatten()
        {
            write!(f, "; `{}`", self.name(column))?;
        }
        Ok(())
    }
}

/// The names of the columns, in order.
struct Header<'a>(&'a [String]);

impl Header<'_> {
    /// The column called `name`, if there is one.
    fn index(&self, name: &str) -> Result<Option<usize>, ColumnError> {
        let wanted = name.trim().to_lowercase();
        let mut matches = (0..self.0.len()).filter(|&index| self.0[index].to_lowercase() == wanted);
        match (matches.next(), matches.next()) {
            (Some(_), Some(_)) => Err(ColumnError::Twice { name: wanted }),
            (first, _) => Ok(first),
        }
    }

    /// The column called `name`, which must be there.
    fn named(&self, name: &str) -> Result<usize, ColumnError> {
        self.index(name)?.ok_or_else(|| self.lacks(name))
    }

    /// Longitude and latitude: the pair that names the datum if both are there, else the plain one.
    fn coordinates(&self, datum: Datum) -> Result<(Option<usize>, Option<usize>), ColumnError> {
        let pair = |suffix: &str| {
            let longitude = self.first_of(&LONGITUDE, suffix)?;
            Ok((longitude, self.first_of(&LATITUDE, suffix)?))
        };
        match pair(datum.suffix())? {
            both @ (Some(_), Some(_)) => Ok(both),
            _ => pair(""),
        }
    }

    fn first_of(&self, spellings: &[&str], suffix: &str) -> Result<Option<usize>, ColumnError> {
        for spelling in spellings {
            if let Some(index) = self.index(&format!("{spelling}{suffix}"))? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn lacks(&self, name: &str) -> ColumnError {
        const SHOWN_MAX: usize = 30;
        let mut header: Vec<String> = self
            .0
            .iter()
            .take(SHOWN_MAX)
            .map(|name| format!("`{}`", super::fault::excerpt(name)))
            .collect();
        if self.0.len() > SHOWN_MAX {
            header.push(format!("and {} more", self.0.len() - SHOWN_MAX));
        }
        ColumnError::Missing {
            wanted: name.to_owned(),
            header: header.join(", "),
        }
    }
}
