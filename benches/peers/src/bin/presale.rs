//! A presale beside what services keep one in today: `SQLite` with a row a pledge and counters, the same commands.
//!
//! In memory, every command a transaction of its own. On disk, the same batches: `SQLite` commits each with a full
//! sync, the ledger's steps are appended to a file and synced. Both sides end with the same formed communities and the
//! same money, or the run ends with an error.
//!
//! ```sh
//! cargo run --release --bin presale -- --pledges 200000
//! ```

#[path = "../../../pledges/mod.rs"]
mod pledges;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use catchment::ledger::Answer;
use catchment::limits::Limits;
use catchment::presale::{Action, NewPayment, NewPledge, Presale, PresaleCommand};
use clap::Parser;
use rusqlite::{Connection, params};

const COMMUNITIES: u64 = 1_000;

#[derive(Parser)]
struct Options {
    /// Pledges, each with a payment
    #[arg(long, default_value_t = 200_000)]
    pledges: u64,
    /// Commands in one batch on disk
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Pledges of the run on disk
    #[arg(long, default_value_t = 20_000)]
    pledges_on_disk: u64,
    /// Where the files of the run on disk go
    #[arg(long, default_value = "out")]
    folder: PathBuf,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What both sides must agree on.
#[derive(Debug, PartialEq, Eq)]
struct End {
    formed: u64,
    units: u64,
    amount: u64,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    println!("| {COMMUNITIES} communities | pledges | commands a second | ratio |");
    println!("| --- | ---: | ---: | ---: |");

    let commands: Vec<_> = pledges::commands(options.pledges, COMMUNITIES, 0).collect();
    let (own, end) = timed(commands.len(), || in_memory(&commands))?;
    let (database_rate, sqlite_end) = timed(commands.len(), || {
        sqlite(Connection::open_in_memory()?, &commands, 1)
    })?;
    agree(&end, &sqlite_end)?;
    line(
        "catchment, in memory",
        options.pledges,
        own,
        own / database_rate,
    );
    line(
        "SQLite, in memory, a command a transaction",
        options.pledges,
        database_rate,
        1.0,
    );

    std::fs::create_dir_all(&options.folder)?;
    let commands: Vec<_> = pledges::commands(options.pledges_on_disk, COMMUNITIES, 0).collect();
    let log = options.folder.join("presale.log");
    let (own, end) = timed(commands.len(), || logged(&log, &commands, options.batch))?;
    let database = fresh(options.folder.join("presale.sqlite"))?;
    let (database_rate, sqlite_end) = timed(commands.len(), || {
        let connection = Connection::open(&database)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        sqlite(connection, &commands, options.batch)
    })?;
    agree(&end, &sqlite_end)?;
    let batch = options.batch;
    let what = format!("catchment, log synced every {batch} commands");
    line(&what, options.pledges_on_disk, own, own / database_rate);
    let what = format!("SQLite on disk, committed every {batch} commands");
    line(&what, options.pledges_on_disk, database_rate, 1.0);
    Ok(())
}

fn line(what: &str, pledges: u64, rate: f64, ratio: f64) {
    println!("| {what} | {pledges} | {rate:.0} | {ratio:.1} |");
}

fn agree(own: &End, other: &End) -> Outcome<()> {
    if own == other {
        Ok(())
    } else {
        Err(format!("the results differ: {own:?} and {other:?}").into())
    }
}

/// Commands a second by the wall clock, which a sync spends as well, and what came of them.
fn timed(commands: usize, run: impl FnOnce() -> Outcome<End>) -> Outcome<(f64, End)> {
    let clock = Instant::now();
    let end = run()?;
    Ok((commands as f64 / clock.elapsed().as_secs_f64(), end))
}

fn opened() -> Outcome<Presale> {
    let terms = pledges::terms(1, COMMUNITIES);
    Ok(Presale::open(terms, &Limits::default())?)
}

fn end_of(presale: &Presale) -> End {
    let progress = presale.campaign().progress();
    End {
        formed: u64::from(progress.formed),
        units: progress.units.0,
        amount: progress.amount.0,
    }
}

fn in_memory(commands: &[PresaleCommand]) -> Outcome<End> {
    let mut presale = opened()?;
    for (number, command) in (0..).zip(commands) {
        presale.apply(pledges::instant(number), command)?;
    }
    Ok(end_of(&presale))
}

/// Every step goes to a file as a line of JSON, and the file to the disk after every batch.
fn logged(path: &Path, commands: &[PresaleCommand], batch: usize) -> Outcome<End> {
    let mut presale = opened()?;
    let mut log = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for (number, command) in (0..).zip(commands) {
        if let Answer::Decided(step) = presale.apply(pledges::instant(number), command)? {
            serde_json::to_writer(&mut log, &step)?;
            log.write_all(b"\n")?;
        }
        if (number as usize + 1).is_multiple_of(batch) {
            log.flush()?;
            log.get_ref().sync_data()?;
        }
    }
    log.flush()?;
    log.get_ref().sync_data()?;
    Ok(end_of(&presale))
}

/// As a service would do it: remembered ids of commands with body and outcome, a row a pledge and a payment, an index
/// of what may expire, counters in the same transaction.
fn sqlite(mut connection: Connection, commands: &[PresaleCommand], batch: usize) -> Outcome<End> {
    connection.execute_batch(
        "CREATE TABLE command (id INTEGER PRIMARY KEY, body INTEGER, outcome INTEGER);
         CREATE TABLE pledge (
             id INTEGER PRIMARY KEY, customer INTEGER, site INTEGER, units INTEGER, paid INTEGER, hold_until INTEGER);
         CREATE INDEX due ON pledge (hold_until) WHERE paid = 0;
         CREATE TABLE payment (id INTEGER PRIMARY KEY, pledge INTEGER, amount INTEGER);
         CREATE TABLE member (site INTEGER, customer INTEGER, PRIMARY KEY (site, customer)) WITHOUT ROWID;
         CREATE TABLE community (site INTEGER PRIMARY KEY, participants INTEGER, units INTEGER, amount INTEGER);",
    )?;
    for site in 0..COMMUNITIES {
        connection.execute(
            "INSERT INTO community VALUES (?1, 0, 0, 0)",
            [site.cast_signed()],
        )?;
    }
    let mut now = 0;
    for together in commands.chunks(batch) {
        let transaction = connection.transaction()?;
        for command in together {
            now += 1;
            let mut insert =
                transaction.prepare_cached("INSERT INTO command VALUES (?1, ?2, 0)")?;
            let id = command.id.0.cast_signed();
            insert.execute([id, id ^ 1])?;
            match &command.action {
                Action::Pledge(new) => add_pledge(&transaction, new, now)?,
                Action::RecordPayment(new) => add_payment(&transaction, new)?,
                _ => return Err("a command of another kind".into()),
            }
        }
        transaction.commit()?;
    }
    // Five make a community, as the terms say.
    let sums = "SELECT SUM(participants >= 5), SUM(units), SUM(amount) FROM community";
    let end = connection.query_row(sums, [], |row| {
        let [formed, units, amount] = [row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?];
        let [formed, units, amount] = [formed, units, amount].map(i64::cast_unsigned);
        Ok(End {
            formed,
            units,
            amount,
        })
    })?;
    Ok(end)
}

fn add_pledge(connection: &Connection, new: &NewPledge, hold_until: i64) -> Outcome<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO pledge VALUES (?1, ?2, ?3, ?4, 0, ?5)")?;
    insert.execute(params![
        new.pledge.0.cast_signed(),
        new.customer.0.cast_signed(),
        new.site.0.cast_signed(),
        new.units.0,
        hold_until,
    ])?;
    Ok(())
}

fn add_payment(connection: &Connection, new: &NewPayment) -> Outcome<()> {
    let (pledge, amount) = (new.pledge.0.cast_signed(), new.money.amount.0.cast_signed());
    let mut insert = connection.prepare_cached("INSERT INTO payment VALUES (?1, ?2, ?3)")?;
    insert.execute(params![new.payment.0.cast_signed(), pledge, amount])?;
    let mut update = connection.prepare_cached(
        "UPDATE pledge SET paid = 1 WHERE id = ?1 AND paid = 0 RETURNING customer, site, units",
    )?;
    let (customer, site, units) = update.query_row([pledge], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, u32>(2)?,
        ))
    })?;
    let mut join = connection.prepare_cached("INSERT OR IGNORE INTO member VALUES (?1, ?2)")?;
    let joined = join.execute([site, customer])?;
    let mut count = connection.prepare_cached(
        "UPDATE community SET participants = participants + ?2, units = units + ?3, amount = amount + ?4
         WHERE site = ?1",
    )?;
    count.execute(params![site, joined, units, amount])?;
    Ok(())
}

fn fresh(path: PathBuf) -> Outcome<PathBuf> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(path)
}
