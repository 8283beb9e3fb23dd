//! What an import says at its end.

use std::fmt::Write as _;
use std::time::Duration;

use super::rejections::{MAX_LISTED, Rejections};
use super::run::Summary;

/// Tells what an import did, for the person who ran it. Ends with a line break.
#[must_use]
pub fn describe(summary: &Summary, rejections: &Rejections, took: Duration) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write(&mut text, summary, rejections, took);
    text
}

fn write(
    text: &mut String,
    summary: &Summary,
    rejections: &Rejections,
    took: Duration,
) -> std::fmt::Result {
    let seconds = took.as_secs_f64();
    let per_second = (seconds > 0.0).then(|| summary.imported as f64 / seconds);
    if summary.imported == 0 {
        writeln!(text, "Imported nothing new.")?;
    } else {
        write!(
            text,
            "Imported {} with {} in {seconds:.1} s",
            count(summary.imported, "conversation"),
            count(summary.messages, "message")
        )?;
        match per_second {
            Some(rate) => writeln!(text, " ({rate:.0} conversations a second).")?,
            None => writeln!(text, ".")?,
        }
    }
    if summary.already_there > 0 {
        let there = count(summary.already_there, "conversation");
        writeln!(text, "{there} of the file had been imported before and stayed as they are.")?;
    }
    if summary.without_times > 0 {
        writeln!(
            text,
            "{} had no times: the messages are dated a minute apart, the last one at the time of the import.",
            count(summary.without_times, "conversation")
        )?;
    }
    if summary.with_time_gaps > 0 {
        writeln!(
            text,
            "{} had no time for some messages: those are dated by their neighbours.",
            count(summary.with_time_gaps, "conversation")
        )?;
    }
    if summary.without_customer_name > 0 {
        writeln!(
            text,
            "{} had no name for the customer: the contact is shown without one.",
            count(summary.without_customer_name, "conversation")
        )?;
    }
    if summary.blank_messages > 0 {
        let blank = count(summary.blank_messages, "message");
        writeln!(text, "{blank} without any words left out.")?;
    }
    if rejections.count() > 0 {
        writeln!(text, "\nNot imported: {}.", count(rejections.count(), "line"))?;
        for (line, reason) in rejections.listed() {
            writeln!(text, "  line {line}: {reason}")?;
        }
        let more = rejections.count().saturating_sub(MAX_LISTED as u64);
        if more > 0 {
            writeln!(text, "  and {more} more; --report FILE writes them all.")?;
        }
    }
    if let Some(reason) = &summary.broken_off {
        writeln!(
            text,
            "\nThe file could not be read to its end: {reason}. What came before is imported. Give the whole file again \
             and only what is missing is added."
        )?;
    }
    Ok(())
}

/// A number with its noun.
fn count(number: u64, noun: &str) -> String {
    let mut digits = number.to_string();
    let mut place = digits.len();
    while place > 3 {
        place -= 3;
        digits.insert(place, ',');
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{digits} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::super::record::Rejection;
    use super::*;

    #[test]
    fn nothing_that_was_made_up_or_left_out_goes_unsaid() {
        let summary = Summary {
            imported: 4_600,
            messages: 59_391,
            already_there: 1,
            without_times: 500,
            with_time_gaps: 3,
            without_customer_name: 900,
            blank_messages: 2,
            broken_off: Some("corrupt deflate stream".to_owned()),
        };
        let mut rejections = Rejections::new(None).expect("no report");
        rejections.add(7, &Rejection::LineTooLong).expect("noted");
        let text = describe(&summary, &rejections, Duration::from_secs(10));
        for said in [
            "Imported 4,600 conversations with 59,391 messages in 10.0 s (460 conversations a second).",
            "1 conversation of the file had been imported before",
            "500 conversations had no times",
            "3 conversations had no time for some messages",
            "900 conversations had no name",
            "2 messages without any words",
            "Not imported: 1 line.\n  line 7: the line is longer than 32 MiB",
            "corrupt deflate stream",
        ] {
            assert!(text.contains(said), "{said:?} in {text}");
        }
    }
}
