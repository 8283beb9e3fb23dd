//! The command `recado-server import`.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use super::{
    CountingReader, Fate, ImportError, ImportOptions, ImportState, NumberedRecord, Progress,
    Rejections, Summary, Target, describe, lines, run,
};
use crate::backend::BackendSettings;
use crate::console::{Console, Request};

/// Some lines were not imported.
const SOME_REJECTED: u8 = 2;
/// Standard input instead of a file.
const STANDARD_INPUT: &str = "-";

/// Brings conversations in from a file.
///
/// The file holds one JSON object a line, in UTF-8, plain or compressed with gzip:
///
///   {"id": "a-17", "source": "old-desk", "subject": null,
///    "customer": {"name": "Marta", "email": "marta@example.com"},
///    "created_at": "2026-05-21T19:52:40Z", "tags": ["refund"],
///    "messages": [{"from": "customer", "text": "Hello", "at": "2026-05-21T19:52:40Z"},
///                 {"from": "agent", "text": "Hello Marta", "author": "Ana Ruiz"}]}
///
/// Only id, messages, from and text are needed; from is customer, agent or system. A conversation is known by its source
/// and id, so the same file can be given again, also after an interruption: only what is missing is added. Lines that
/// cannot be used are listed with the reason, and the others are imported.
///
/// Works on a running server through its local socket, or on the data itself while no server runs. Ends with 0 when
/// everything was imported, with 2 when some lines were not, with 1 when the import failed.
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ImportArgs {
    /// The file; - reads standard input.
    pub file: PathBuf,
    /// The state of all imported conversations. Without it, those whose customer has the last word are open and the
    /// others closed.
    #[arg(long, value_enum)]
    pub state: Option<ImportState>,
    /// The team that the conversations go to, by name.
    #[arg(long, value_name = "NAME")]
    pub team: Option<String>,
    /// Make a teammate the author of what a person of the same name or e-mail address wrote. Without it, authors on your
    /// side are kept by their names alone.
    #[arg(long)]
    pub link_authors: bool,
    /// The source of lines that do not name theirs.
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub source: String,
    /// Write number and reason of every line that was not imported to this file, as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// Batches on their way to the server, or to the data where none runs.
struct Desk {
    console: Console,
    options: ImportOptions,
}

impl Target for Desk {
    async fn store(&mut self, batch: Vec<NumberedRecord>) -> Result<Vec<Fate>, ImportError> {
        let options = self.options.clone();
        self.console
            .ask(Request::Import { options, batch })
            .await
            .map_err(|error| ImportError::Console(error.to_string()))
    }
}

/// Carries the command out and says on the terminal what it did.
///
/// # Errors
/// When the terminal cannot be written to. Everything else is said there.
pub async fn execute(args: ImportArgs, settings: BackendSettings) -> io::Result<ExitCode> {
    match import(args, settings).await {
        Ok((said, code)) => {
            io::stdout().write_all(said.as_bytes())?;
            Ok(code)
        }
        Err(sentence) => {
            writeln!(io::stderr(), "{sentence}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn import(args: ImportArgs, settings: BackendSettings) -> Result<(String, ExitCode), String> {
    let started = Instant::now();
    let (input, total_bytes) = open(&args.file)
        .map_err(|error| format!("{} cannot be read: {error}", args.file.display()))?;
    let input = CountingReader::new(input);
    let mut progress = Progress::on_stderr(input.bytes_read(), total_bytes);
    let lines = lines::open(input)
        .map_err(|error| format!("{} cannot be read: {error}", args.file.display()))?;
    let mut rejections = Rejections::new(args.report.as_deref())
        .map_err(|error| ImportError::Report(error).to_string())?;
    let source = match args.source.trim() {
        "" => return Err("--source must not be empty".to_owned()),
        source => source.to_owned(),
    };
    let now = settings.clock.now();
    let console = Console::open(settings).await.map_err(|error| error.to_string())?;
    let options =
        ImportOptions { state: args.state, team: args.team, link_authors: args.link_authors };
    let mut desk = Desk { console, options };
    let mut summary = Summary::default();
    let outcome = run(
        lines,
        source,
        now,
        &mut desk,
        &mut rejections,
        &mut progress,
        &mut summary,
    )
    .await;
    progress.finish();
    let said = describe(&summary, &rejections, started.elapsed());
    match outcome {
        Err(error) => Err(format!(
            "{said}\nThe import ended early: {error}. What is imported stays; run the same command again and only what \
             is missing is added."
        )),
        Ok(()) if summary.broken_off.is_some() => Err(said),
        Ok(()) if rejections.count() > 0 => Ok((said, ExitCode::from(SOME_REJECTED))),
        Ok(()) => Ok((said, ExitCode::SUCCESS)),
    }
}

fn open(path: &Path) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new(STANDARD_INPUT) {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let total_bytes = metadata.is_file().then(|| metadata.len());
    Ok((Box::new(file), total_bytes))
}
