//! Results: the summary to stdout, the assignments to a file.

use std::io::{self, Write};
use std::path::Path;

use catchment::plan::Plan;

use crate::city::City;
use crate::failure::Failure;
use crate::summary::Summary;

/// Writes one row for every order, in their order; those that are not assigned have no site and no distance.
///
/// # Errors
///
/// [`Failure::Write`] if the file can't be written.
pub(crate) fn write_assignments(path: &Path, city: &City, plan: &Plan) -> Result<(), Failure> {
    let write = || {
        let mut file = csv::Writer::from_path(path)?;
        file.write_record(["order_id", "site_id", "distance_m"])?;
        for (order, decision) in city.orders().iter().zip(plan.decisions()) {
            let (site, distance) = match decision.assigned() {
                Some(assigned) => (
                    city.site_name(assigned.site),
                    format!("{:.3}", assigned.distance.as_metres_f64()),
                ),
                None => ("", String::new()),
            };
            file.write_record([&*order.id, site, &distance])?;
        }
        file.flush()?;
        Ok(())
    };
    write().map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}

/// Prints the summary and what follows it for people and, if asked for, the line for programs.
///
/// # Errors
///
/// What stdout says, except that a reader who has seen enough (`| head`) is no error.
pub(crate) fn print(summary: &Summary, story: &str, json: bool) -> io::Result<()> {
    let mut text = format!("{summary}{story}");
    if json {
        text += "\n";
        text += &serde_json::to_string(summary)?;
        text += "\n";
    }
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}
