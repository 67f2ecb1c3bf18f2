//! Killing the process for real, again and again.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::ValueEnum;

use crate::Arguments;
use crate::world::Draw;

/// Starts this program with a log, kills it at a random moment, and lets it go on; at the end an evening that nobody
/// kills has to come out whole.
pub(crate) fn survive(arguments: &Arguments, times: u32) -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("live-evening-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let log = folder.join("evening.log");
    let start = |resume: bool| -> Result<Command, Box<dyn Error>> {
        let mut child = Command::new(std::env::current_exe()?);
        let promise = arguments
            .promise
            .to_possible_value()
            .ok_or("a promise has a name")?;
        child.args(["--promise", promise.get_name()]);
        for (name, value) in [
            ("--orders", arguments.orders as u64),
            ("--sites", arguments.sites as u64),
            ("--capacity", arguments.capacity as u64),
            ("--threads", arguments.threads as u64),
            ("--pace", arguments.pace),
            ("--seed", arguments.seed),
        ] {
            child.args([name.to_owned(), value.to_string()]);
        }
        if let Some(data) = &arguments.data {
            child.arg("--data").arg(data);
        }
        child.arg("--log").arg(&log);
        if resume {
            child.arg("--resume");
        }
        child.stderr(Stdio::null());
        Ok(child)
    };
    let mut draw = Draw(arguments.seed ^ u64::from(std::process::id()));
    let mut killed = 0;
    while killed < times {
        let mut child = start(killed > 0)?.stdout(Stdio::null()).spawn()?;
        std::thread::sleep(Duration::from_millis(30 + draw.below(300)));
        if child.try_wait()?.is_some_and(|status| !status.success()) {
            return Err(format!(
                "it did not go on after {killed} kills, see {}",
                log.display()
            )
            .into());
        }
        // SIGKILL: nothing is tidied up.
        child.kill()?;
        child.wait()?;
        killed += 1;
        println!(
            "killed {killed}: the log has {} bytes",
            std::fs::metadata(&log).map_or(0, |log| log.len())
        );
    }
    let last = start(true)?.status()?;
    if !last.success() {
        return Err(format!("the last start failed, see {}", log.display()).into());
    }
    std::fs::remove_dir_all(&folder)?;
    println!("killed {killed} times, and all is there");
    Ok(())
}
