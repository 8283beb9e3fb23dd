//! Workspaces as files: what `recado-server import` reads, a conversation a line.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use recado_protocol::{AuthorType, Part, Timestamp};
use serde_json::{Value, json};

use crate::bench::generator::{Entry, Fixture, MEAN_MESSAGES, Scale};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many conversations
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    conversations: u32,

    /// The file to write; - is standard output
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

impl Options {
    pub(crate) fn run(self) -> Result<()> {
        let begun = Instant::now();
        let conversations = usize::try_from(self.conversations)?;
        if self.out == Path::new("-") {
            return write(conversations, &mut std::io::stdout().lock());
        }
        let file = File::create(&self.out)
            .with_context(|| format!("{} cannot be written", self.out.display()))?;
        let mut file = BufWriter::new(file);
        write(conversations, &mut file)?;
        file.flush()?;
        let seconds = begun.elapsed().as_secs_f64();
        let rate = f64::from(self.conversations) / seconds;
        eprintln!("{conversations} conversations in {seconds:.1} s, {rate:.0} a second");
        Ok(())
    }
}

/// Writes a workspace.
///
/// # Errors
/// When the output cannot be written.
pub(crate) fn write(conversations: usize, output: &mut impl Write) -> Result<()> {
    let messages = (conversations as f64 * MEAN_MESSAGES).round() as usize;
    let fixture = Fixture::new(Scale { conversations, messages });
    for index in 0..conversations {
        serde_json::to_writer(&mut *output, &line(index, &fixture.entry(index)))?;
        output.write_all(b"\n")?;
    }
    Ok(())
}

fn line(index: usize, entry: &Entry) -> Value {
    let Entry { delta, contact, .. } = entry;
    let messages = delta.parts.iter().filter(|part| part.part_type.is_message());
    json!({
        "id": format!("g-{index}"),
        "source": "generated",
        "customer": { "name": contact.name, "email": contact.email },
        "created_at": iso(delta.head.created_at),
        "tags": delta.head.tags,
        "messages": messages.map(message).collect::<Vec<_>>(),
    })
}

fn message(part: &Part) -> Value {
    let from = match part.author.author_type {
        AuthorType::Contact => "customer",
        AuthorType::Admin => "agent",
        _ => "system",
    };
    json!({
        "from": from,
        "text": part.body_text,
        "at": iso(part.created_at),
        "author": if from == "agent" { part.author.name.clone() } else { None },
    })
}

/// RFC 3339 in UTC with milliseconds.
fn iso(at: Timestamp) -> String {
    let millis = at.as_millis();
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (seconds, millis) = (rest / 1_000, rest % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of a day since 1970 in the Gregorian calendar. Years begin with March here, so that the leap day
/// is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_import_reads_them() {
        assert_eq!(iso(Timestamp::from_millis(0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso(Timestamp::from_millis(1_709_210_096_789)), "2024-02-29T12:34:56.789Z");
        assert_eq!(iso(Timestamp::from_millis(1_735_689_599_999)), "2024-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_workspace_is_the_same_in_every_run_and_the_import_takes_each_line() {
        let once = || {
            let mut bytes = Vec::new();
            write(200, &mut bytes).expect("memory can be written");
            bytes
        };
        let bytes = once();
        assert_eq!(bytes, once());
        let lines: Vec<_> = bytes.split(|byte| *byte == b'\n').filter(|l| !l.is_empty()).collect();
        assert_eq!(lines.len(), 200);
        let now = Timestamp::from_seconds(1_800_000_000);
        for line in lines {
            recado_server::import::Record::parse(line, "generated", now).expect("it is taken");
        }
    }
}
