//! `import`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use recado_server::backend::BackendError;
use recado_server::clock::{Clock as _, SystemClock};
use recado_server::import::file::{End, ImportFile};
use recado_server::import::{ImportOptions, ImportState};

use super::data::Data;
use super::text::{complain, say};

/// Some lines were not imported.
const SOME_REJECTED: u8 = 2;

/// Bring conversations in from a file
///
/// The file holds one JSON object a line, in UTF-8, plain or compressed with gzip. A conversation is known by its source
/// and its id there, so the same file can be given again, also after an interruption: only what is missing is added.
/// Lines that cannot be used are listed with the reason; the others are imported.
///
/// Ends with 0 when everything is imported, with 2 when some lines are not, with 1 when the import ended early.
#[derive(Debug, Args)]
#[command(after_long_help = "A line, here broken into several:
  {\"id\": \"a-17\", \"source\": \"old desk\", \"subject\": null, \"tags\": [\"refund\"],
   \"customer\": {\"name\": \"Marta\", \"email\": \"marta@example.com\"},
   \"created_at\": \"2026-05-21T19:52:40Z\",
   \"messages\": [
     {\"from\": \"customer\", \"text\": \"Hello\", \"at\": \"2026-05-21T19:52:40Z\"},
     {\"from\": \"agent\", \"text\": \"Hello Marta\", \"author\": \"Ana Ruiz\"}]}
`id`, `messages` and in them `from` (customer, agent or system) and `text` are needed, the rest is not. What is made up
where times or names are missing is said at the end.

Examples:
  recado-server import conversations.jsonl.gz
  recado-server import old-desk.jsonl --team Billing --link-authors --report rejected.jsonl
  export-tool | recado-server import - --source old-desk")]
pub(super) struct Import {
    /// The file; - reads standard input
    file: PathBuf,
    /// The state of all conversations: open or closed
    ///
    /// Without it, those whose customer has the last word are open and the others closed.
    #[arg(long, value_parser = state)]
    state: Option<ImportState>,
    /// The team that the conversations go to
    #[arg(long, value_name = "TEAM")]
    team: Option<String>,
    /// Make teammates the authors of what people of the same name or e-mail address wrote
    ///
    /// Without it, authors on your side are kept as names without an account.
    #[arg(long)]
    link_authors: bool,
    /// The source of lines that do not name theirs
    #[arg(long, value_name = "NAME", default_value = "import")]
    source: String,
    /// Write number and reason of every line that is not imported to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    data: Data,
}

impl Import {
    pub(super) async fn run(self) -> Result<ExitCode, BackendError> {
        let console = self.data.console().await?;
        let file = ImportFile {
            path: self.file,
            source: self.source,
            report: self.report,
            options: ImportOptions {
                state: self.state,
                team: self.team,
                link_authors: self.link_authors,
            },
        };
        let outcome = file.run(console, SystemClock.now()).await?;
        let text = outcome.text.trim_end();
        Ok(match outcome.end {
            End::Complete => {
                say(text);
                ExitCode::SUCCESS
            }
            End::SomeRejected => {
                say(text);
                ExitCode::from(SOME_REJECTED)
            }
            End::Early => {
                complain(text);
                ExitCode::FAILURE
            }
        })
    }
}

fn state(text: &str) -> Result<ImportState, String> {
    ImportState::from_str(text, true).map_err(|_| "a state is open or closed".to_owned())
}
