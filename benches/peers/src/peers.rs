//! Every solver in a process of its own, so that memory is its own and a slow one can be stopped.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use thiserror::Error;

use crate::measure::Report;

/// Where the other solvers are.
#[derive(Clone, Debug, Args)]
pub(crate) struct Tools {
    /// A Python with numpy, scipy, ortools and highspy
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/out/venv/bin/python"))]
    python: PathBuf,
    /// The compiled `runners/lemon.cpp`
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/out/lemon"))]
    lemon: PathBuf,
    /// Seconds after which a solver is stopped
    #[arg(long, default_value_t = 900)]
    limit: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    Catchment,
    Ortools,
    LemonSimplex,
    LemonScaling,
    Mcmf,
    Highs,
}

#[derive(Debug, Error)]
pub(crate) enum PeerError {
    #[error("{} did not start: {source}", program.display())]
    Start { program: PathBuf, source: io::Error },
    #[error("{peer:?}: {source}")]
    Pipe { peer: Peer, source: io::Error },
    #[error("{peer:?} failed: {status}")]
    Failed {
        peer: Peer,
        status: std::process::ExitStatus,
    },
    #[error("{peer:?} was stopped after {seconds} s")]
    TooSlow { peer: Peer, seconds: u64 },
    #[error("{peer:?} printed no report but {line:?}: {source}")]
    Report {
        peer: Peer,
        line: String,
        source: serde_json::Error,
    },
    #[error("{peer:?} printed {reports} reports for {files} files")]
    Count {
        peer: Peer,
        reports: usize,
        files: usize,
    },
}

impl Peer {
    /// Beyond so many orders it is not worth waiting for.
    pub(crate) fn orders_max(self) -> usize {
        match self {
            Self::Highs => 20_000,
            _ => usize::MAX,
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Catchment => "catchment",
            Self::Ortools => "OR-Tools min-cost flow",
            Self::LemonSimplex => "LEMON network simplex",
            Self::LemonScaling => "LEMON cost scaling",
            Self::Mcmf => "crate mcmf",
            Self::Highs => "HiGHS simplex",
        }
    }
}

impl Tools {
    /// A report for each file.
    pub(crate) fn run(&self, peer: Peer, files: &[PathBuf]) -> Result<Vec<Report>, PeerError> {
        let (program, words) = self.command(peer).map_err(|source| PeerError::Start {
            program: "this program".into(),
            source,
        })?;
        let mut child = Command::new(&program)
            .args(words)
            .args(files)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|source| PeerError::Start { program, source })?;
        let printed = self.wait(peer, &mut child)?;
        let reports = printed.lines().map(|line| {
            serde_json::from_str(line).map_err(|source| PeerError::Report {
                peer,
                line: line.to_owned(),
                source,
            })
        });
        let reports: Vec<Report> = reports.collect::<Result<_, _>>()?;
        if reports.len() == files.len() {
            Ok(reports)
        } else {
            Err(PeerError::Count {
                peer,
                reports: reports.len(),
                files: files.len(),
            })
        }
    }

    /// The program and the words before the files.
    fn command(&self, peer: Peer) -> io::Result<(PathBuf, Vec<PathBuf>)> {
        let flow = Path::new(env!("CARGO_MANIFEST_DIR")).join("runners/flow.py");
        let own = |solver: &str| {
            let words = ["solve", "--solver", solver].map(PathBuf::from);
            std::env::current_exe().map(|program| (program, words.to_vec()))
        };
        Ok(match peer {
            Peer::Catchment => own("catchment")?,
            Peer::Mcmf => own("mcmf")?,
            Peer::Ortools => (self.python.clone(), vec![flow, "ortools".into()]),
            Peer::Highs => (self.python.clone(), vec![flow, "highs".into()]),
            Peer::LemonSimplex => (self.lemon.clone(), vec!["simplex".into()]),
            Peer::LemonScaling => (self.lemon.clone(), vec!["scaling".into()]),
        })
    }

    /// What the process prints until it ends, which it does in time or by force.
    fn wait(&self, peer: Peer, child: &mut Child) -> Result<String, PeerError> {
        let pipe = |source| PeerError::Pipe { peer, source };
        let mut stdout = child.stdout.take().expect("the output is piped");
        let printed = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        let end = Instant::now() + Duration::from_secs(self.limit);
        let status = loop {
            if let Some(status) = child.try_wait().map_err(pipe)? {
                break status;
            }
            if Instant::now() > end {
                child.kill().and_then(|()| child.wait()).map_err(pipe)?;
                let seconds = self.limit;
                return Err(PeerError::TooSlow { peer, seconds });
            }
            thread::sleep(Duration::from_millis(5));
        };
        if !status.success() {
            return Err(PeerError::Failed { peer, status });
        }
        let text = printed.join().expect("reading does not panic");
        text.map_err(pipe)
    }
}
