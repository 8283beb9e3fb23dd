//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// What the program was started with.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where this machine's data lies, instead of the user's own folder.
    pub(crate) data_dir: Option<PathBuf>,
    /// A `recado://` link to show.
    pub(crate) link: Option<String>,
    /// Print the usage and end.
    pub(crate) help: bool,
    /// Print the version and end.
    pub(crate) version: bool,
}

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
Recado, the agent inbox.

Usage: recado [--data-dir FOLDER] [LINK]

  LINK                a recado:// link: a join link, or a conversation to open
  --join LINK         the same, said by name
  --data-dir FOLDER   keep this machine's data there instead of in your own folder
  --version           print the version
  --help              print this
";

impl Options {
    /// Reads the arguments after the program's name.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy().into_owned();
            match text.as_str() {
                "--help" | "-h" => options.help = true,
                "--version" | "-V" => options.version = true,
                "--data-dir" => {
                    let folder = arguments.next().ok_or("--data-dir needs a folder")?;
                    options.data_dir = Some(PathBuf::from(folder));
                }
                "--join" => {
                    let link = arguments.next().ok_or("--join needs a link")?;
                    options.link = Some(link.to_string_lossy().into_owned());
                }
                link if link.starts_with("recado://") => options.link = Some(text),
                other => return Err(format!("unknown argument: {other}")),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn links_and_folders_are_read_and_the_rest_is_refused() {
        let options = parse(&["--data-dir", "/tmp/a", "recado://join?url=x"]).expect("valid");
        assert_eq!(options.data_dir, Some(PathBuf::from("/tmp/a")));
        assert_eq!(options.link.as_deref(), Some("recado://join?url=x"));
        assert!(parse(&["--data-dir"]).is_err());
        assert!(parse(&["https://example.com"]).is_err());
        assert!(parse(&["--remote-debugging-port=1"]).is_err());
    }
}
