//! Capacity balancing measured beside other solvers on the same instances. See the README.

mod city;
mod compare;
mod equal;
mod file;
mod instance;
mod measure;
mod peers;
mod random;
mod selection;
mod small;
mod solvers;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use thiserror::Error;

use crate::compare::CompareError;
use crate::equal::EqualError;
use crate::file::FileError;
use crate::peers::{Peer, Tools};
use crate::selection::{Selection, value};
use crate::solvers::{SolveError, Solver};

/// Capacity balancing measured beside other solvers on the same instances
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Draw instances of a city
    Generate {
        #[command(flatten)]
        selection: Selection,
    },
    /// Rewrite a `.spa` file as `.bal`
    Convert { from: PathBuf, to: PathBuf },
    /// Solve instances in this process; a line of JSON for each
    Solve {
        #[arg(long, value_enum, default_value_t = Solver::Catchment)]
        solver: Solver,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run every solver on every instance; tables of medians as Markdown
    Compare {
        #[command(flatten)]
        selection: Selection,
        #[command(flatten)]
        tools: Tools,
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "catchment,ortools,lemon-simplex,lemon-scaling,mcmf,highs"
        )]
        solvers: Vec<Peer>,
        /// Where to write all figures as JSON
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Solve small random instances of every kind with every solver; objectives have to agree
    Equal {
        #[arg(long, default_value_t = 300)]
        count: u64,
        /// The number of the first one
        #[arg(long, default_value_t = 0)]
        first: u64,
        #[command(flatten)]
        tools: Tools,
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "catchment,ortools,lemon-simplex,lemon-scaling,highs"
        )]
        solvers: Vec<Peer>,
        #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/out/small"))]
        folder: PathBuf,
    },
}

#[derive(Debug, Error)]
enum TaskError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: {fault}", file.display())]
    Solve { file: PathBuf, fault: SolveError },
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Equal(#[from] EqualError),
    #[error("no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{}: {source}", path.display())]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("catchment-peers: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), TaskError> {
    match task {
        Task::Generate { selection } => generate(&selection),
        Task::Convert { from, to } => Ok(file::write(&file::read(&from)?, &to)?),
        Task::Solve { solver, files } => solve(solver, files),
        Task::Compare {
            selection,
            tools,
            solvers,
            json,
        } => {
            let comparison = compare::compare(&selection, &solvers, &tools)?;
            print!("{}", comparison.markdown(&solvers));
            if let Some(path) = json {
                let text = serde_json::to_string_pretty(&comparison)?;
                std::fs::write(&path, text).map_err(|source| TaskError::Write { path, source })?;
            }
            Ok(())
        }
        Task::Equal {
            count,
            first,
            tools,
            solvers,
            folder,
        } => {
            equal::equal(first, count, &solvers, &tools, &folder)?;
            let names: Vec<String> = solvers.iter().map(value).collect();
            println!(
                "{count} instances, the same objective by {}",
                names.join(", ")
            );
            Ok(())
        }
    }
}

fn generate(selection: &Selection) -> Result<(), TaskError> {
    for size in &selection.sizes {
        for kind in &selection.kinds {
            for city in selection.cities(*size, *kind) {
                println!("{}", selection.file(&city)?.display());
            }
        }
    }
    Ok(())
}

fn solve(solver: Solver, files: Vec<PathBuf>) -> Result<(), TaskError> {
    for file in files {
        let instance = file::read(&file)?;
        let run = |instance: &instance::Instance| solver.run(instance);
        let report = measure::measure(file.clone(), &value(&solver), &instance, run);
        let report = report.map_err(|fault| TaskError::Solve { file, fault })?;
        println!("{}", serde_json::to_string(&report)?);
    }
    Ok(())
}
