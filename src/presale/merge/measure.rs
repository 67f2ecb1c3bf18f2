use crate::presale::{Combine, Tally, Threshold};

/// What a tally has beyond the parts that a threshold names: participants, units, money, in the order in which they
/// are compared.
pub(super) fn overshoot(threshold: &Threshold, tally: &Tally) -> [u64; 3] {
    parts(threshold, tally).map(|(need, have)| need.map_or(0, |need| have.saturating_sub(need)))
}

/// How far a tally is from a threshold, in parts of 2⁻³²: 0 if and only if it is met. Under `All` the sum over the
/// parts that are named, under `Any` the least.
pub(super) fn missing(threshold: &Threshold, tally: &Tally) -> u64 {
    let lacking = parts(threshold, tally)
        .into_iter()
        .filter_map(|(need, have)| {
            let need = need?;
            let lack = u128::from(need.saturating_sub(have)) << 32;
            // A lack is at most the need, so the quotient is at most 2³²; a need of 0 lacks nothing.
            Some(lack.div_ceil(u128::from(need.max(1))) as u64)
        });
    match threshold.combine {
        Combine::All => lacking.sum(),
        Combine::Any => lacking.min().unwrap_or(0),
    }
}

fn parts(threshold: &Threshold, tally: &Tally) -> [(Option<u64>, u64); 3] {
    [
        (
            threshold.participants.map(u64::from),
            u64::from(tally.participants),
        ),
        (threshold.units.map(|units| units.0), tally.units.0),
        (threshold.amount.map(|amount| amount.0), tally.amount.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Amount;
    use crate::presale::Pieces;

    /// All of a part.
    const ONE: u64 = 1 << 32;

    #[test]
    fn what_is_missing_and_what_is_too_much() {
        let threshold = |combine| Threshold {
            participants: Some(10),
            units: Some(Pieces(40)),
            amount: None,
            combine,
        };
        let tally = |participants, units| Tally {
            participants,
            units: Pieces(units),
            amount: Amount(5),
        };
        for (combine, have, lack, over) in [
            (Combine::All, tally(0, 0), 2 * ONE, [0, 0, 0]),
            (Combine::All, tally(5, 10), ONE / 2 + ONE / 4 * 3, [0, 0, 0]),
            (Combine::All, tally(12, 39), ONE.div_ceil(40), [2, 0, 0]),
            (Combine::All, tally(12, 41), 0, [2, 1, 0]),
            (Combine::Any, tally(5, 10), ONE / 2, [0, 0, 0]),
            (Combine::Any, tally(1, 43), 0, [0, 3, 0]),
        ] {
            let threshold = threshold(combine);
            assert_eq!(missing(&threshold, &have), lack, "{combine:?} {have:?}");
            assert_eq!(overshoot(&threshold, &have), over, "{combine:?} {have:?}");
            assert_eq!(threshold.is_met_by(&have), lack == 0);
        }
    }
}
