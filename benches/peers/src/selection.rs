//! Which instances: sizes × kinds × seeds, as files in one folder.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::city::{City, Kind, Size, Unit};
use crate::file::{self, FileError};

#[derive(Clone, Debug, Args)]
pub(crate) struct Selection {
    #[arg(long, value_delimiter = ',', default_value = "2k,20k,200k")]
    pub(crate) sizes: Vec<Size>,
    #[arg(long, value_delimiter = ',', default_value = "base,tight,hard")]
    pub(crate) kinds: Vec<Kind>,
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// Candidates of an order
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=80))]
    nearest: u16,
    #[arg(long, value_enum, default_value_t = Unit::Metres)]
    unit: Unit,
    /// Where instances are kept. A `.spa` file of the same name is used instead of drawing one
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/out/instances"))]
    folder: PathBuf,
}

impl Selection {
    /// The instances of a size and a kind.
    pub(crate) fn cities(&self, size: Size, kind: Kind) -> impl Iterator<Item = City> {
        self.seeds.iter().map(move |seed| City {
            size,
            kind,
            seed: *seed,
            nearest: usize::from(self.nearest),
            unit: self.unit,
        })
    }

    /// The file of an instance, which is written if it is not there.
    pub(crate) fn file(&self, city: &City) -> Result<PathBuf, FileError> {
        create(&self.folder)?;
        let path = self.folder.join(format!("{}.bal", name(city)));
        if !path.exists() {
            let other = path.with_extension("spa");
            let instance = if other.exists() {
                file::read(&other)?
            } else {
                city.generate()
            };
            file::write(&instance, &path)?;
        }
        Ok(path)
    }
}

pub(crate) fn create(folder: &Path) -> Result<(), FileError> {
    std::fs::create_dir_all(folder).map_err(|source| FileError::Io {
        path: folder.to_owned(),
        source,
    })
}

/// Such as `20k_base_s1`, and `20k_base_k32_millimetres_s1` where it is out of the ordinary.
fn name(city: &City) -> String {
    let mut parts = vec![value(&city.size), value(&city.kind)];
    if city.nearest != 16 {
        parts.push(format!("k{}", city.nearest));
    }
    if city.unit != Unit::Metres {
        parts.push(value(&city.unit));
    }
    parts.push(format!("s{}", city.seed));
    parts.join("_")
}

/// A value as it is written on the command line.
pub(crate) fn value(value: &impl ValueEnum) -> String {
    let possible = value.to_possible_value();
    possible.map_or_else(String::new, |possible| possible.get_name().to_owned())
}
