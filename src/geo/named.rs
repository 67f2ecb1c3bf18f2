//! Coordinates in serde form: by name wherever the format has names.

use core::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::geo::{Bd09, Gcj02, LngLat};

/// The serde form of every type of coordinates.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    lng: f64,
    lat: f64,
}

/// Two bare numbers in a row, of which nobody can say which is which, are refused in text. Compact formats have no
/// names, and read back what they wrote.
struct ByName {
    is_text: bool,
}

impl<'de> Visitor<'de> for ByName {
    type Value = Named;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("coordinates by name, `lng` and `lat`")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Named, A::Error> {
        Named::deserialize(MapAccessDeserializer::new(map))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Named, A::Error> {
        if self.is_text {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        Named::deserialize(SeqAccessDeserializer::new(seq))
    }
}

fn read<'de, D: Deserializer<'de>>(deserializer: D, name: &'static str) -> Result<Named, D::Error> {
    let is_text = deserializer.is_human_readable();
    deserializer.deserialize_struct(name, &["lng", "lat"], ByName { is_text })
}

impl<'de> Deserialize<'de> for LngLat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Named { lng, lat } = read(deserializer, "LngLat")?;
        Ok(Self { lng, lat })
    }
}

impl<'de> Deserialize<'de> for Gcj02 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Named { lng, lat } = read(deserializer, "Gcj02")?;
        Ok(Self { lng, lat })
    }
}

impl<'de> Deserialize<'de> for Bd09 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Named { lng, lat } = read(deserializer, "Bd09")?;
        Ok(Self { lng, lat })
    }
}
