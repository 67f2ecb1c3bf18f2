//! The live desk beside what services place orders with today: a table of capacity and one of stock, with row updates.
//!
//! Each order goes to the nearest store that has room and the goods. The database gets its list of near stores from
//! the same index, so that what is compared is the placing. In memory, a placement a transaction. On disk, the same
//! batches: the database commits each with a full sync, the desk's steps are appended to a file and synced. All sides
//! end with the same order at the same store, or the run ends with an error.
//!
//! ```sh
//! cargo run --release --bin desk -- --orders 200000
//! cargo run --release --bin desk -- --postgres 'host=localhost user=postgres'
//! ```

#[path = "../../../workload/mod.rs"]
mod workload;

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use catchment::desk::{Action, Command, Desk, Goods, Policy};
use catchment::id::{CommandId, OrderId, SiteId, SkuId};
use catchment::ledger::Answer;
use catchment::order::{Order, OrderLine};
use catchment::site::{Network, SiteKind};
use catchment::time::Timestamp;
use catchment::units::{Quantity, Units};
use clap::Parser;
use rusqlite::{Connection, params};

use workload::{Areas, Random, World, sites};

const STORES: usize = 800;
const SKUS: u64 = 20;
const NOW: Timestamp = Timestamp::from_unix_millis(1_000);

/// So many near stores are tried before all are.
const NEAR: usize = 16;

#[derive(Parser)]
struct Options {
    /// Orders of the run in memory
    #[arg(long, default_value_t = 100_000)]
    orders: usize,
    /// Placements in one batch on disk
    #[arg(long, default_value_t = 100)]
    batch: usize,
    /// Orders of the runs on disk
    #[arg(long, default_value_t = 20_000)]
    orders_on_disk: usize,
    /// Where the files of the runs on disk go
    #[arg(long, default_value = "out")]
    folder: PathBuf,
    /// A PostgreSQL server to try as well; tables `site`, `stock`, `hold` and `command` are made anew in its database
    #[arg(long)]
    postgres: Option<String>,
}

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where each order ended, by its number.
type Ends = Vec<Option<SiteId>>;

/// The evening that all sides serve.
struct Evening {
    network: Network,
    /// As they come from the buyers: none of the sides has to make them.
    orders: Vec<Arc<Order>>,
    pieces: u32,
}

fn main() -> Outcome<()> {
    let options = Options::parse();
    println!("| {STORES} stores, {SKUS} articles each | orders | placements a second | ratio |");
    println!("| --- | ---: | ---: | ---: |");

    let evening = evening(options.orders)?;
    let (own, ends) = timed(&evening, || in_memory(&evening))?;
    let (rate, other) = timed(&evening, || {
        sqlite(Connection::open_in_memory()?, &evening, 1)
    })?;
    agree(&ends, &other)?;
    line("catchment, in memory", &evening, own, own / rate);
    line(
        "SQLite, in memory, a placement a transaction",
        &evening,
        rate,
        1.0,
    );

    let evening = self::evening(options.orders_on_disk)?;
    let batch = options.batch;
    std::fs::create_dir_all(&options.folder)?;
    let log = options.folder.join("desk.log");
    let (own, ends) = timed(&evening, || logged(&log, &evening, batch))?;
    line(
        &format!("catchment, log synced every {batch}"),
        &evening,
        own,
        1.0,
    );
    let database = fresh(options.folder.join("desk.sqlite"))?;
    let (rate, other) = timed(&evening, || {
        let connection = Connection::open(&database)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        sqlite(connection, &evening, batch)
    })?;
    agree(&ends, &other)?;
    line(
        &format!("SQLite on disk, committed every {batch}; ratio of catchment"),
        &evening,
        rate,
        own / rate,
    );
    if let Some(server) = &options.postgres {
        let (rate, other) = timed(&evening, || postgres(server, &evening, batch))?;
        agree(&ends, &other)?;
        line(
            &format!("PostgreSQL, committed every {batch}; ratio of catchment"),
            &evening,
            rate,
            own / rate,
        );
    }
    Ok(())
}

fn line(what: &str, evening: &Evening, rate: f64, ratio: f64) {
    println!(
        "| {what} | {} | {rate:.0} | {ratio:.1} |",
        evening.orders.len()
    );
}

fn agree(own: &Ends, other: &Ends) -> Outcome<()> {
    let differs = own.iter().zip(other).position(|(own, other)| own != other);
    match differs {
        None if own.len() == other.len() => Ok(()),
        None => Err("one side has lost orders".into()),
        Some(order) => {
            Err(format!("order {order}: {:?} and {:?}", own[order], other[order]).into())
        }
    }
}

/// Placements a second by the wall clock, which a sync spends as well, and where the orders ended. What comes before
/// the first order, stock and tables, is not timed.
fn timed(
    evening: &Evening,
    run: impl FnOnce() -> Outcome<(Instant, Ends)>,
) -> Outcome<(f64, Ends)> {
    let (begin, ends) = run()?;
    Ok((
        evening.orders.len() as f64 / begin.elapsed().as_secs_f64(),
        ends,
    ))
}

/// Room for a quarter more than come, and of each article as much as a store has room for two of.
fn evening(count: usize) -> Outcome<Evening> {
    let capacity = (count * 5 / 4 / STORES).max(1) as u32;
    let mut places = sites(World::City, 1, STORES, &[Areas::Unlimited]);
    for site in &mut places {
        site.kind = SiteKind::Store;
        site.supplied_by = None;
        site.capacity = Units(capacity);
    }
    let network = Network::builder().sites(places).build()?;
    network.prepare();
    let mut random = Random::new(5);
    let homes = World::City.positions(77, count);
    let orders = homes.into_iter().enumerate().map(|(number, home)| {
        let mut order = Order::new(OrderId(number as u64), home);
        let sku = SkuId(random.below(SKUS as usize) as u64);
        order.lines = vec![OrderLine {
            sku,
            quantity: Quantity(1),
        }];
        Arc::new(order)
    });
    let orders = orders.collect();
    let pieces = (capacity * 2).div_ceil(SKUS as u32).max(1);
    Ok(Evening {
        network,
        orders,
        pieces,
    })
}

/// A desk whose stores have their goods.
fn opened(evening: &Evening) -> Outcome<Desk> {
    let mut desk = Desk::open(evening.network.clone(), Policy::default());
    let mut id = u64::MAX;
    for site in evening.network.sites() {
        for sku in (0..SKUS).map(SkuId) {
            let goods = Goods {
                site: site.id,
                sku,
                pieces: Quantity(evening.pieces),
            };
            desk.apply(NOW, &Command::new(CommandId(id), Action::Deliver(goods)))?;
            id -= 1;
        }
    }
    Ok(desk)
}

fn ends(desk: &Desk, evening: &Evening) -> Ends {
    let counter = desk.machine();
    let site = |order: &Arc<Order>| counter.order(order.id).and_then(|shown| shown.site);
    evening.orders.iter().map(site).collect()
}

fn in_memory(evening: &Evening) -> Outcome<(Instant, Ends)> {
    let mut desk = opened(evening)?;
    let begin = Instant::now();
    for order in &evening.orders {
        desk.apply(
            NOW,
            &Command::place(CommandId(order.id.0), Arc::clone(order)),
        )?;
    }
    Ok((begin, ends(&desk, evening)))
}

/// Every step goes to a file as a line of JSON, and the file to the disk after every batch.
fn logged(path: &Path, evening: &Evening, batch: usize) -> Outcome<(Instant, Ends)> {
    let mut desk = opened(evening)?;
    let mut log = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let begin = Instant::now();
    for together in evening.orders.chunks(batch) {
        for order in together {
            let command = Command::place(CommandId(order.id.0), Arc::clone(order));
            if let Answer::Decided(step) = desk.apply(NOW, &command)? {
                serde_json::to_writer(&mut log, &step)?;
                log.write_all(b"\n")?;
            }
        }
        log.flush()?;
        log.get_ref().sync_data()?;
    }
    Ok((begin, ends(&desk, evening)))
}

const TABLES: &str = "
    CREATE TABLE site (id BIGINT PRIMARY KEY, capacity BIGINT, load BIGINT);
    CREATE TABLE stock (site BIGINT, sku BIGINT, free BIGINT, PRIMARY KEY (site, sku));
    CREATE TABLE command (id BIGINT PRIMARY KEY, body BIGINT, outcome BIGINT);
    CREATE TABLE hold (id BIGINT PRIMARY KEY, site BIGINT, sku BIGINT, hold_until BIGINT);
    CREATE INDEX due ON hold (hold_until);";

/// The nearest store that takes the order, by a test that takes it.
fn place(
    evening: &Evening,
    order: &Order,
    mut take: impl FnMut(SiteId, SkuId) -> Outcome<bool>,
) -> Outcome<Option<SiteId>> {
    let sku = order.lines[0].sku;
    let mut tried = 0;
    for wanted in [NEAR, evening.network.sites().count()] {
        for near in evening
            .network
            .nearest(order.position, wanted)
            .iter()
            .skip(tried)
        {
            if take(near.site, sku)? {
                return Ok(Some(near.site));
            }
        }
        tried = wanted;
    }
    Ok(None)
}

/// As a service would do it: remembered ids of commands with body and outcome, two guarded updates, a row a hold.
fn sqlite(mut connection: Connection, evening: &Evening, batch: usize) -> Outcome<(Instant, Ends)> {
    connection.execute_batch(TABLES)?;
    let fill = connection.transaction()?;
    for site in evening.network.sites() {
        let id = site.id.0.cast_signed();
        fill.execute(
            "INSERT INTO site VALUES (?1, ?2, 0)",
            params![id, site.capacity.0],
        )?;
        for sku in 0..SKUS.cast_signed() {
            fill.execute(
                "INSERT INTO stock VALUES (?1, ?2, ?3)",
                params![id, sku, evening.pieces],
            )?;
        }
    }
    fill.commit()?;

    let begin = Instant::now();
    let mut ends = Vec::with_capacity(evening.orders.len());
    for together in evening.orders.chunks(batch) {
        let transaction = connection.transaction()?;
        for order in together {
            let placed = place(evening, order, |site, sku| {
                let (site, sku) = (site.0.cast_signed(), sku.0.cast_signed());
                let mut room = transaction.prepare_cached(
                    "UPDATE site SET load = load + 1 WHERE id = ?1 AND load < capacity
                     AND EXISTS (SELECT 1 FROM stock WHERE site = ?1 AND sku = ?2 AND free > 0)",
                )?;
                if room.execute([site, sku])? == 0 {
                    return Ok(false);
                }
                let mut goods = transaction.prepare_cached(
                    "UPDATE stock SET free = free - 1 WHERE site = ?1 AND sku = ?2",
                )?;
                goods.execute([site, sku])?;
                let mut hold =
                    transaction.prepare_cached("INSERT INTO hold VALUES (?1, ?2, ?3, ?4)")?;
                hold.execute([order.id.0.cast_signed(), site, sku, 901_000])?;
                Ok(true)
            })?;
            let mut command =
                transaction.prepare_cached("INSERT INTO command VALUES (?1, ?2, ?3)")?;
            let id = order.id.0.cast_signed();
            command.execute([id, id ^ 1, i64::from(placed.is_some())])?;
            ends.push(placed);
        }
        transaction.commit()?;
    }
    Ok((begin, ends))
}

/// The same on a server: one round trip a store tried, and one for the command.
fn postgres(server: &str, evening: &Evening, batch: usize) -> Outcome<(Instant, Ends)> {
    let mut client = postgres::Client::connect(server, postgres::NoTls)?;
    client.batch_execute("SET client_min_messages TO warning")?;
    client.batch_execute("DROP TABLE IF EXISTS site, stock, hold, command")?;
    client.batch_execute(TABLES)?;
    let mut fill = client.transaction()?;
    for site in evening.network.sites() {
        let (id, capacity) = (site.id.0.cast_signed(), i64::from(site.capacity.0));
        fill.execute("INSERT INTO site VALUES ($1, $2, 0)", &[&id, &capacity])?;
        for sku in 0..SKUS.cast_signed() {
            fill.execute(
                "INSERT INTO stock VALUES ($1, $2, $3)",
                &[&id, &sku, &i64::from(evening.pieces)],
            )?;
        }
    }
    fill.commit()?;
    // All three in one statement, so that a store that takes the order costs one round trip as well.
    let take = client.prepare(
        "WITH room AS (
             UPDATE site SET load = load + 1 WHERE id = $1 AND load < capacity
             AND EXISTS (SELECT 1 FROM stock WHERE site = $1 AND sku = $2 AND free > 0) RETURNING id),
         goods AS (UPDATE stock SET free = free - 1 FROM room WHERE site = room.id AND sku = $2)
         INSERT INTO hold SELECT $3, id, $2, 901000 FROM room",
    )?;

    let remember = client.prepare("INSERT INTO command VALUES ($1, $2, $3)")?;

    let begin = Instant::now();
    let mut ends = Vec::with_capacity(evening.orders.len());
    for together in evening.orders.chunks(batch) {
        let mut transaction = client.transaction()?;
        for order in together {
            let placed = place(evening, order, |site, sku| {
                let [site, sku, order] = [site.0, sku.0, order.id.0].map(u64::cast_signed);
                Ok(transaction.execute(&take, &[&site, &sku, &order])? == 1)
            })?;
            let id = order.id.0.cast_signed();
            transaction.execute(&remember, &[&id, &(id ^ 1), &i64::from(placed.is_some())])?;
            ends.push(placed);
        }
        transaction.commit()?;
    }
    Ok((begin, ends))
}

/// The path, with what an earlier run left there removed.
fn fresh(path: PathBuf) -> Outcome<PathBuf> {
    let name = path.to_string_lossy().into_owned();
    for ending in ["", "-wal", "-shm"] {
        match std::fs::remove_file(format!("{name}{ending}")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(path)
}
