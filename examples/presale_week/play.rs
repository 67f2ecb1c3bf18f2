//! Plays a script: what a service does with messages, clocks and an operator's answers.

use std::error::Error;

use catchment::id::CommandId;
use catchment::limits::Limits;
use catchment::presale::{
    Action, Because, Decision, Event, Phase, Pieces, Presale, PresaleAnswer, PresaleCommand, Terms,
};
use catchment::time::Timestamp;

use crate::script::Message;
use crate::world::{NEEDED, OPENS_AT, SUPPLIER, World};

/// Whether the timeline is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    Aloud,
    Quietly,
}

/// A presale on its way through the week.
pub(crate) struct Week {
    pub(crate) presale: Presale,
    told: Told,
    formed: u32,
    /// What the timeline counts rather than tells.
    unformed: u32,
    expired: u32,
    unusable: u32,
    repeated: u32,
    /// Commands of the operator are numbered from far above those of customers.
    next_command: u64,
}

impl Week {
    /// Plays the script to the last message and the last deadline.
    pub(crate) fn play(
        world: &World,
        terms: Terms,
        script: &[Message],
        told: Told,
    ) -> Result<Self, Box<dyn Error>> {
        let mut week = Self {
            presale: Presale::open(terms, &Limits::default())?,
            told,
            formed: 0,
            unformed: 0,
            expired: 0,
            unusable: 0,
            repeated: 0,
            next_command: 1 << 40,
        };
        for (at, command) in script {
            week.wait_until(*at, world)?;
            week.send(*at, command)?;
        }
        let end = week.presale.campaign().terms().horizon;
        week.wait_until(end, world)?;
        assert!(week.repeated > 0 && week.expired > 0, "it was a real week");
        Ok(week)
    }

    /// The supplier delivers so many pieces.
    pub(crate) fn deliver(&mut self, units: u64) -> Result<(), Box<dyn Error>> {
        let delivery = Action::RecordDelivery {
            supplier: SUPPLIER,
            units: Pieces(units),
        };
        let at = self.presale.now();
        self.operate(at, delivery)
    }

    /// The payment service pays out whatever is due.
    pub(crate) fn pay_out(&mut self) -> Result<(), Box<dyn Error>> {
        let due: Vec<_> = self.presale.campaign().refunds_due().collect();
        let at = self.presale.now();
        for refund in due {
            let amount = refund.remaining();
            self.operate(
                at,
                Action::RecordRefund {
                    refund: refund.refund,
                    amount,
                },
            )?;
        }
        Ok(())
    }

    /// Wakes up at every deadline until an instant, and answers what an operator is asked.
    fn wait_until(&mut self, until: Timestamp, world: &World) -> Result<(), Box<dyn Error>> {
        while let Some(deadline) = self.presale.next_deadline().filter(|at| *at <= until) {
            let step = self.presale.tick(deadline)?;
            for event in step.iter().flat_map(|step| &step.due) {
                self.tell(deadline, event);
            }
            if let Phase::Deciding {
                decision: Decision::Merge,
                ..
            } = self.presale.campaign().phase()
            {
                let plan = self.presale.campaign().plan_merge(&world.network)?;
                self.operate(deadline, plan.action())?;
            }
        }
        Ok(())
    }

    fn operate(&mut self, at: Timestamp, action: Action) -> Result<(), Box<dyn Error>> {
        self.next_command += 1;
        let command = PresaleCommand::new(CommandId(self.next_command), action);
        self.send(at, &command)
    }

    fn send(&mut self, at: Timestamp, command: &PresaleCommand) -> Result<(), Box<dyn Error>> {
        // What is asked first is what happens.
        let foreseen = self.presale.what_if(at, command)?;
        let answer = self.presale.apply(at, command)?;
        assert_eq!(answer, foreseen);
        match &answer {
            PresaleAnswer::Replayed { .. } => self.repeated += 1,
            PresaleAnswer::Decided(_) => {
                assert!(
                    answer.outcome().is_accepted(),
                    "{command:?}: {:?}",
                    answer.outcome()
                );
            }
        }
        for event in answer.events() {
            self.tell(at, event);
        }
        Ok(())
    }

    fn tell(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Opened => self.line(at, "the campaign opens"),
            Event::CommunityFormed {
                site,
                because: Because::Merged,
                ..
            } => {
                self.line(at, &format!("site {site} forms with its neighbour"));
            }
            Event::CommunityFormed { site, .. } => {
                self.formed += 1;
                if self.formed % 10 == 1 || self.formed + 1 == NEEDED {
                    let formed = self.formed;
                    self.line(at, &format!("site {site} forms: {formed} have"));
                }
            }
            Event::CommunityUnformed { site, epoch, .. } => {
                self.formed -= 1;
                self.unformed += 1;
                self.line(
                    at,
                    &format!("site {site} falls below its threshold (epoch {epoch})"),
                );
            }
            Event::PledgeExpired { .. } => self.expired += 1,
            Event::PaymentUnusable { .. } => self.unusable += 1,
            Event::Closed => self.line(at, "the campaign closes; payments may still be under way"),
            Event::Frozen => {
                let Self {
                    formed,
                    unformed,
                    expired,
                    unusable,
                    repeated,
                    ..
                } = *self;
                self.line(
                    at,
                    &format!(
                        "frozen with {formed} communities; {unformed} un-formed on the way, {expired} pledges \
                         expired, {unusable} payments are due back, {repeated} messages came twice"
                    ),
                );
            }
            Event::CommunityMerged { site, into } => {
                self.line(
                    at,
                    &format!("who agreed at site {site} walks to site {into}"),
                );
            }
            Event::Confirmed { formed, discount } => {
                self.line(
                    at,
                    &format!("confirmed with {formed} communities, {discount} off"),
                );
            }
            Event::Failed { why } => self.line(at, &format!("failed: {why:?}")),
            _ => {}
        }
    }

    fn line(&self, at: Timestamp, text: &str) {
        if self.told == Told::Aloud {
            println!("{}  {text}", clock(at));
        }
    }
}

/// Day of the week and time of day in Shanghai, of an instant of the example's week.
fn clock(at: Timestamp) -> String {
    const DAYS: [&str; 8] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"];
    // The campaign opens on Monday at 08:00.
    let minutes = (at.as_unix_millis() - OPENS_AT.as_unix_millis()) / 60_000 + 8 * 60;
    let day = DAYS[(minutes / (24 * 60)) as usize % DAYS.len()];
    format!("{day} {:02}:{:02}", minutes / 60 % 24, minutes % 60)
}
