//! The log: a line of JSON for every step, synced before anybody is answered.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Steps on their way to the file. Desk or dispatch hand them over in their order; one thread writes as many as have come
/// and syncs once for all of them.
pub(crate) struct Journal<S> {
    state: Mutex<State<S>>,
    changed: Condvar,
}

struct State<S> {
    waiting: Vec<S>,
    written: Vec<S>,
    /// Steps handed over and steps that are safe.
    handed: u64,
    safe: u64,
    is_closed: bool,
    failure: Option<io::ErrorKind>,
}

impl<S: Serialize> Journal<S> {
    /// `known` are the steps that are in the file already.
    pub(crate) fn new(known: Vec<S>) -> Self {
        let state = State {
            waiting: Vec::new(),
            written: known,
            handed: 0,
            safe: 0,
            is_closed: false,
            failure: None,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Takes a step; returns the number to wait for.
    pub(crate) fn hand(&self, step: S) -> u64 {
        let mut state = self.lock();
        state.waiting.push(step);
        state.handed += 1;
        self.changed.notify_all();
        state.handed
    }

    /// Returns when all up to this number are safe.
    pub(crate) fn wait(&self, number: u64) -> io::Result<()> {
        let mut state = self.lock();
        loop {
            match state.failure {
                Some(kind) => return Err(kind.into()),
                None if state.safe >= number => return Ok(()),
                None => {
                    state = self
                        .changed
                        .wait(state)
                        .unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
    }

    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// All steps, once the journal is closed.
    pub(crate) fn into_steps(self) -> Vec<S> {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .written
    }

    /// Writes until the journal is closed and all is safe.
    pub(crate) fn write(&self, mut file: Option<File>) {
        loop {
            let mut state = self.lock();
            while state.waiting.is_empty() && !state.is_closed {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let steps = std::mem::take(&mut state.waiting);
            if steps.is_empty() {
                return;
            }
            drop(state);
            let result = match &mut file {
                Some(file) => append(file, &steps),
                None => Ok(()),
            };
            let mut state = self.lock();
            state.safe += steps.len() as u64;
            state.written.extend(steps);
            state.failure = result.err().map(|error| error.kind());
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn append<S: Serialize>(file: &mut File, steps: &[S]) -> io::Result<()> {
    let mut bytes = Vec::new();
    for step in steps {
        serde_json::to_writer(&mut bytes, step)?;
        bytes.push(b'\n');
    }
    file.write_all(&bytes)?;
    file.sync_data()
}

/// The steps of a log, and the file to go on with. A last line that was not finished when the process died was
/// promised to nobody: it is cut off.
pub(crate) fn open<S: DeserializeOwned>(path: &Path, resume: bool) -> io::Result<(Vec<S>, File)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    let mut file = options.truncate(!resume).open(path)?;
    let mut steps = Vec::new();
    let mut sound = 0;
    let mut reader = BufReader::new(&mut file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        match serde_json::from_slice(&line) {
            Ok(step) if line.ends_with(b"\n") => steps.push(step),
            _ => break,
        }
        sound += line.len() as u64;
        line.clear();
    }
    file.set_len(sound)?;
    file.seek(SeekFrom::Start(sound))?;
    Ok((steps, file))
}
