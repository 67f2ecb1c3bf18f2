//! Dividing orders beside a MIP solver: the same random orders, HiGHS with one model for stores and pieces.
//!
//! The run ends with an error if HiGHS ever needs fewer stores, or as many with less distance, or finds a way where
//! there is said to be none.
//!
//! ```sh
//! cargo run --release --bin split -- --orders 1000
//! ```

#[path = "../../../splits/mod.rs"]
mod splits;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use catchment::fulfil::{Pieces, SplitProof, split};
use clap::Parser;
use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

use crate::splits::{Case, KINDS, Kind};

#[derive(Parser)]
struct Options {
    /// Random orders, in equal parts of every kind
    #[arg(long, default_value_t = 1_000)]
    orders: u64,
    /// A Python that has highspy
    #[arg(long, default_value = "out/venv/bin/python")]
    python: PathBuf,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// An order for `runners/split.py`.
#[derive(Serialize)]
struct Question<'a> {
    wanted: Vec<u32>,
    values: Vec<u64>,
    distances: Vec<u64>,
    has: Vec<&'a [u32]>,
    minimum: u64,
    from_one: bool,
}

#[derive(Deserialize)]
struct Reply {
    stores: Option<Vec<usize>>,
    seconds: f64,
}

/// How many stores, and their distances in sum, in millimetres.
type Used = Option<(usize, u64)>;

fn main() -> Outcome<()> {
    let options = Options::parse();
    let each = options.orders / KINDS.len() as u64;
    println!(
        "| 10 lines over 30 stores | orders | no way | p50 µs | HiGHS p50 µs | ratio of p50 | ratio of sums |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let mut runner = Command::new(&options.python)
        .arg("runners/split.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut questions = runner.stdin.take().ok_or("no way to ask")?;
    let mut replies = BufReader::new(runner.stdout.take().ok_or("no way to listen")?).lines();
    for kind in KINDS {
        let (mut own_times, mut peer_times, mut without) = (Vec::new(), Vec::new(), 0);
        for number in 0..each {
            let case = kind.case(number);
            let (own, seconds) = divided(&case)?;
            own_times.push(seconds);
            serde_json::to_writer(&mut questions, &question(&case))?;
            questions.write_all(b"\n")?;
            questions.flush()?;
            let reply: Reply = serde_json::from_str(&replies.next().ok_or("no reply")??)?;
            peer_times.push(reply.seconds);
            agree(&kind, number, own, used(&case, &reply))?;
            without += u64::from(own.is_none());
        }
        line(&kind, each, without, own_times, peer_times);
    }
    drop(questions);
    let status = runner.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err("HiGHS failed".into())
    }
}

/// The least of nine CPU times counts: everything from the stock of each store on. HiGHS's clock also begins there.
fn divided(case: &Case) -> Outcome<(Used, f64)> {
    let mut least = f64::INFINITY;
    let mut used = None;
    for _ in 0..9 {
        let clock = ProcessTime::try_now()?;
        let split = split(&case.sources(), &case.policy);
        least = least.min(clock.try_elapsed()?.as_secs_f64());
        used = match split {
            Ok(split) if split.proof == SplitProof::Exact => {
                Some((split.parts.len(), split.distance.as_millimetres()))
            }
            Ok(_) => return Err("a split without proof".into()),
            Err(_) => None,
        };
    }
    Ok((used, least))
}

fn question(case: &Case) -> Question<'_> {
    let lines = case.basket.lines();
    let wanted: Vec<u32> = lines.iter().map(|line| line.line.quantity.0).collect();
    // An order that one store can fill stays whole, and is not asked what its part is worth.
    let has_all = |has: &[u32]| has.iter().zip(&wanted).all(|(has, wanted)| has >= wanted);
    let whole = case.stores.iter().any(|(_, _, has)| has_all(has));
    Question {
        values: lines.iter().map(|line| line.price.0).collect(),
        distances: case
            .stores
            .iter()
            .map(|(_, away, _)| away.as_millimetres())
            .collect(),
        has: case
            .stores
            .iter()
            .map(|(_, _, has)| has.as_slice())
            .collect(),
        minimum: if whole {
            0
        } else {
            case.policy.part_value_min.0
        },
        from_one: case.policy.pieces == Pieces::FromOne,
        wanted,
    }
}

fn used(case: &Case, reply: &Reply) -> Used {
    let stores = reply.stores.as_ref()?;
    let distances = stores
        .iter()
        .map(|store| case.stores[*store].1.as_millimetres());
    Some((stores.len(), distances.sum()))
}

fn agree(kind: &Kind, number: u64, own: Used, peer: Used) -> Outcome<()> {
    if own == peer {
        return Ok(());
    }
    let name = kind.name;
    Err(format!("order {number} of `{name}`: {own:?}, but HiGHS has {peer:?}").into())
}

fn line(kind: &Kind, orders: u64, without: u64, own: Vec<f64>, peer: Vec<f64>) {
    let sums = peer.iter().sum::<f64>() / own.iter().sum::<f64>();
    let (own, peer) = (median(own), median(peer));
    println!(
        "| {} | {orders} | {without} | {:.1} | {:.0} | {:.0} | {sums:.0} |",
        kind.name,
        own * 1e6,
        peer * 1e6,
        peer / own,
    );
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
}
