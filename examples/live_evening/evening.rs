//! The threads of an evening.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use catchment::desk::{Action, Command, Desk, DeskHandle, Goods, Policy, Refusal, Scope, Step};
use catchment::id::{CommandId, OrderId, SiteId, SkuId};
use catchment::ledger::{Answer, CommandError, Outcome};
use catchment::site::{Change, SiteKind};
use catchment::time::Timestamp;
use catchment::units::Quantity;
use indicatif::{ProgressBar, ProgressStyle};

use crate::Arguments;
use crate::journal::{self, Journal};
use crate::service;
use crate::summary;
use crate::world::{Draw, World};

/// Which command an id belongs to is in its upper bits, so that a process that goes on makes the same ids again.
const CONFIRM: u64 = 1 << 40;
const RELEASE: u64 = 2 << 40;
const DELIVER: u64 = 3 << 40;
const TROUBLE: u64 = 4 << 40;
const ANNOUNCE: u64 = 5 << 40;

/// The orders come within an hour, as the desk sees it, however fast they come.
pub(crate) const EVENING: Duration = Duration::from_secs(3_600);

/// So many orders, one trouble.
const CALM: usize = 250;

/// How many orders a thread takes before it waits for the log.
pub(crate) const TOGETHER: usize = 64;

struct Stage<'a> {
    desk: &'a DeskHandle,
    journal: &'a Journal<Step>,
    arguments: &'a Arguments,
    world: &'a World,
    /// The instant at which this process began, as the desk sees it.
    start: i64,
    begun: Instant,
    next: AtomicUsize,
    is_over: AtomicBool,
    troubles: AtomicU64,
    bar: ProgressBar,
}

/// What one thread saw.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) spans: Vec<u64>,
    pub(crate) refused: BTreeMap<String, usize>,
    pub(crate) replayed: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let world = World::new(arguments)?;
    let policy = Policy {
        promise: arguments.promise.into(),
        ..Policy::default()
    };
    let mut desk = Desk::open(world.network.clone(), policy.clone());
    let (known, file) = match &arguments.log {
        Some(path) => {
            let (known, file) = journal::open(path, arguments.resume)?;
            (known, Some(file))
        }
        None => (Vec::new(), None),
    };
    for step in &known {
        desk.follow(step)?;
    }
    if let Some(path) = &arguments.log {
        summary::check_answers(&desk, &answers(path), arguments.resume)?;
    }
    println!(
        "{} steps known, {} orders live",
        known.len(),
        desk.machine().live()
    );
    let start = desk.now().as_unix_millis().max(0);
    let handle = DeskHandle::new(desk);
    let journal = Journal::new(known);
    let stage = Stage {
        desk: &handle,
        journal: &journal,
        arguments,
        world: &world,
        start,
        begun: Instant::now(),
        next: AtomicUsize::new(0),
        is_over: AtomicBool::new(false),
        troubles: AtomicU64::new(0),
        bar: bar(world.orders.len()),
    };
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| journal.write(file));
        stage.deliver();
        let trouble = scope.spawn(|| stage.trouble());
        let takers: Vec<_> = (0..arguments.threads.max(1))
            .map(|_| scope.spawn(|| stage.take_orders()))
            .collect();
        for taker in takers {
            seen.push(taker.join().expect("a taker does not panic"));
        }
        stage.is_over.store(true, Ordering::Relaxed);
        trouble.join().expect("the trouble does not panic");
        stage.apply(Command::new(
            CommandId(ANNOUNCE),
            Action::Announce { scope: Scope::All },
        ));
        journal.close();
        writer.join().expect("the writer does not panic");
    });
    let seen: Vec<Seen> = seen.into_iter().collect::<Result<_, _>>()?;
    stage.bar.finish_and_clear();
    let (troubles, took) = (
        stage.troubles.load(Ordering::Relaxed),
        stage.begun.elapsed(),
    );
    drop(stage);
    let steps = journal.into_steps();
    summary::print(
        &world,
        &policy,
        &handle.into_desk(),
        &steps,
        &seen,
        (troubles, took),
    )?;
    service::run(&world, policy, arguments)
}

fn bar(orders: usize) -> ProgressBar {
    let style =
        ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} orders, {eta} left");
    ProgressBar::new(orders as u64)
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Where it is noted who was answered.
pub(crate) fn answers(log: &Path) -> std::path::PathBuf {
    log.with_extension("answers")
}

impl Stage<'_> {
    fn now(&self) -> Timestamp {
        let orders = self.world.orders.len().max(1);
        let come = self.next.load(Ordering::Relaxed).min(orders);
        let passed = (EVENING.as_millis() as usize * come / orders).cast_signed() as i64;
        // A process that goes on gets the orders from the first one on, at times that are past.
        Timestamp::from_unix_millis(passed.max(self.start))
    }

    /// Applies a command; what came of it, and the number in the journal to wait for.
    fn apply(&self, command: Command) -> Option<(Outcome<Refusal>, u64)> {
        let applied = self
            .desk
            .apply_then(self.now(), command, |answer| match answer {
                Answer::Decided(step) => {
                    let outcome = step.decided.map(|decided| decided.outcome);
                    (outcome, Some(self.journal.hand(step)))
                }
                Answer::Replayed { outcome, .. } => (Some(outcome), None),
            });
        match applied {
            Ok((outcome, number)) => Some((outcome?, number.unwrap_or(0))),
            // Trouble is drawn anew by a process that goes on, so its ids may have been used for something else.
            Err(CommandError::IdConflict { .. }) => None,
            Err(error) => {
                self.bar.println(error.to_string());
                None
            }
        }
    }

    /// Every store gets goods for about ten times the orders that it can expect: few of them run out.
    fn deliver(&self) {
        let stores = self
            .world
            .network
            .sites()
            .filter(|site| site.kind == SiteKind::Store);
        let stores: Vec<SiteId> = stores.map(|site| site.id).collect();
        let count = stores.len().max(1);
        let pieces = Quantity((self.world.orders.len() / count + 5) as u32);
        for (number, store) in stores.into_iter().enumerate() {
            for sku in 0..3 {
                let id = CommandId(DELIVER + 3 * number as u64 + sku);
                let pieces = Goods {
                    site: store,
                    sku: SkuId(sku),
                    pieces,
                };
                self.apply(Command::new(id, Action::Deliver(pieces)));
            }
        }
    }

    fn take_orders(&self) -> std::io::Result<Seen> {
        let mut seen = Seen::default();
        let mut noted = match &self.arguments.log {
            Some(path) => Some(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(answers(path))?,
            ),
            None => None,
        };
        loop {
            let from = self.next.fetch_add(TOGETHER, Ordering::Relaxed);
            let to = (from + TOGETHER).min(self.world.orders.len());
            if from >= to {
                return Ok(seen);
            }
            self.wait_for_pace(from);
            let mut last = 0;
            let mut answered = Vec::new();
            for number in from..to {
                last = last.max(self.take_order(number, &mut seen, &mut answered));
            }
            // Only what is safe is answered.
            self.journal.wait(last)?;
            note(noted.as_mut(), &answered)?;
            self.bar.inc((to - from) as u64);
        }
    }

    /// Places an order; most are then confirmed, a few given up, and the rest left to expire.
    fn take_order(&self, number: usize, seen: &mut Seen, answered: &mut Vec<OrderId>) -> u64 {
        let order = &self.world.orders[number];
        let command = Command::place(CommandId(order.id.0), order.clone());
        let start = Instant::now();
        let applied = self.apply(command);
        seen.spans.push(start.elapsed().as_nanos() as u64);
        let Some((outcome, mut last)) = applied else {
            return 0;
        };
        seen.replayed += usize::from(last == 0);
        if let Outcome::Refused(refusal) = outcome {
            *seen.refused.entry(kind(&refusal)).or_default() += 1;
            return last;
        }
        answered.push(order.id);
        let id = order.id;
        let next = match number % 20 {
            0 => Some((RELEASE, Action::Release { order: id })),
            1 => None,
            _ => Some((CONFIRM, Action::Confirm { order: id })),
        };
        if let Some((which, action)) = next {
            let done = self.apply(Command::new(CommandId(which + id.0), action));
            last = last.max(done.map_or(0, |done| done.1));
        }
        last
    }

    fn wait_for_pace(&self, number: usize) {
        let Some(pace) = std::num::NonZeroU64::new(self.arguments.pace) else {
            return;
        };
        let due = Duration::from_secs_f64(number as f64 / pace.get() as f64);
        if let Some(rest) = due.checked_sub(self.begun.elapsed()) {
            std::thread::sleep(rest);
        }
    }

    /// Leaders close and reject, and stores sell on the shop floor, until all orders have come.
    fn trouble(&self) {
        let mut draw = Draw(self.arguments.seed ^ self.start.cast_unsigned() ^ 0x7073);
        let begin = self.desk.read(Desk::sequence);
        for number in 0_u64.. {
            while self.next.load(Ordering::Relaxed) < (number as usize + 1) * CALM {
                if self.is_over.load(Ordering::Relaxed) {
                    return;
                }
                std::thread::sleep(Duration::from_micros(200));
            }
            let action = self.some_trouble(&mut draw);
            let id = CommandId(TROUBLE + begin + number);
            if action.is_some_and(|action| self.apply(Command::new(id, action)).is_some()) {
                self.troubles.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn some_trouble(&self, draw: &mut Draw) -> Option<Action> {
        let sites = self.world.network.len() as u64;
        let site = SiteId(draw.below(sites));
        let kind = self.world.network.site(site)?.kind;
        Some(match draw.below(20) {
            0 if kind == SiteKind::Leader && draw.below(4) == 0 => Action::Adopt {
                changes: vec![Change::Close(site)],
            },
            0..=9 => {
                let sku = SkuId(draw.below(3));
                Action::Sell(Goods {
                    site,
                    sku,
                    pieces: Quantity(1),
                })
            }
            _ => {
                let order = OrderId(draw.below(self.next.load(Ordering::Relaxed) as u64));
                let at = self.desk.read(|desk| desk.machine().order(order))?.site?;
                Action::Reject { order, site: at }
            }
        })
    }
}

fn note(file: Option<&mut File>, answered: &[OrderId]) -> std::io::Result<()> {
    let Some(file) = file else {
        return Ok(());
    };
    let mut lines = Vec::new();
    for order in answered {
        writeln!(lines, "{order}")?;
    }
    file.write_all(&lines)
}

/// The reason without its numbers.
pub(crate) fn kind(refusal: &impl core::fmt::Debug) -> String {
    let text = format!("{refusal:?}");
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}
